# LibTorch out of the PyPI wheel, without its own CMake files: those look for a CUDA compiler even for a CPU build.
#
# Input:  ARCHSWEEP_TORCH      the folder that holds torch/ and nvidia/ (what `pip --target` was given)
# Output: LibTorch::LibTorch   headers (SYSTEM), libraries, run path
#         LIBTORCH_HAS_CUDA    the CUDA libraries of the wheel are linked too
#         LIBTORCH_CUDA_RUNTIME  libcudart.so of the wheel, which libtorch_cpu loads in any case
#         LibTorch_VERSION
# Where torch is absent LibTorch_FOUND is false and LibTorch_NOT_FOUND_MESSAGE says what to do.

set(ARCHSWEEP_TORCH "${PROJECT_SOURCE_DIR}/.deps/site" CACHE PATH "Folder with the Python wheels torch/ and nvidia/")

set(LIBTORCH_HAS_CUDA FALSE)
set(LibTorch_NOT_FOUND_MESSAGE "")
set(_torch "${ARCHSWEEP_TORCH}/torch")
set(_remedy "run ./deploy/setup, or point ARCHSWEEP_TORCH at a folder with the wheel torch==${LibTorch_FIND_VERSION}")

if(NOT EXISTS "${_torch}/version.py" OR NOT EXISTS "${_torch}/lib/libtorch_cpu.so")
  set(LibTorch_NOT_FOUND_MESSAGE "no LibTorch in ${ARCHSWEEP_TORCH}: ${_remedy}")
else()
  file(STRINGS "${_torch}/version.py" _version REGEX "^__version__ = ")
  string(REGEX REPLACE ".*'([0-9.]+).*" "\\1" LibTorch_VERSION "${_version}")
  # A std::string of the old ABI has no __cxx11 in its mangled name, and would fail only at link time.
  file(STRINGS "${_torch}/lib/libc10.so" _new_abi REGEX "St7__cxx1112basic_string" LIMIT_COUNT 1)
  file(GLOB _cudart "${ARCHSWEEP_TORCH}/nvidia/*/lib/libcudart.so.*")
  file(GLOB _cupti "${ARCHSWEEP_TORCH}/nvidia/*/lib/libcupti.so.*")
  if(NOT LibTorch_VERSION VERSION_EQUAL LibTorch_FIND_VERSION)
    set(LibTorch_NOT_FOUND_MESSAGE
      "LibTorch in ${ARCHSWEEP_TORCH} is ${LibTorch_VERSION}, not ${LibTorch_FIND_VERSION}: ${_remedy}")
  elseif(NOT _new_abi)
    set(LibTorch_NOT_FOUND_MESSAGE
      "LibTorch in ${ARCHSWEEP_TORCH} was built with the old C++ ABI (_GLIBCXX_USE_CXX11_ABI=0): ${_remedy}")
  elseif(NOT _cudart OR NOT _cupti)
    set(LibTorch_NOT_FOUND_MESSAGE
      "libcudart and libcupti, which libtorch_cpu loads even without a GPU, are not under ${ARCHSWEEP_TORCH}/nvidia: ${_remedy}")
  endif()
endif()

if(LibTorch_NOT_FOUND_MESSAGE)
  set(LibTorch_FOUND FALSE)
  return()
endif()
set(LibTorch_FOUND TRUE)
list(GET _cudart 0 LIBTORCH_CUDA_RUNTIME)

# The CUDA half needs headers of the toolkit and every library that libtorch_cuda.so loads.
find_package(CUDAToolkit QUIET)
if(CUDAToolkit_FOUND)
  set(LIBTORCH_HAS_CUDA TRUE)
  foreach(_library cublas cudnn cufft cusolver cusparse cusparseLt nccl nvshmem_host)
    file(GLOB _found "${ARCHSWEEP_TORCH}/nvidia/*/lib/lib${_library}.so.*")
    if(NOT _found)
      set(LIBTORCH_HAS_CUDA FALSE)
    endif()
  endforeach()
endif()

if(NOT TARGET LibTorch::LibTorch)
  add_library(LibTorch::LibTorch INTERFACE IMPORTED)
  target_include_directories(LibTorch::LibTorch SYSTEM INTERFACE
    "${_torch}/include" "${_torch}/include/torch/csrc/api/include")
  target_link_libraries(LibTorch::LibTorch INTERFACE "${_torch}/lib/libtorch_cpu.so" "${_torch}/lib/libc10.so")
  # The wheel finds its nvidia-* neighbours by its own $ORIGIN run path, so programs need only torch's folder.
  target_link_options(LibTorch::LibTorch INTERFACE "LINKER:-rpath,${_torch}/lib")
  if(LIBTORCH_HAS_CUDA)
    target_include_directories(LibTorch::LibTorch SYSTEM INTERFACE ${CUDAToolkit_INCLUDE_DIRS})
    # No symbol of ours refers to libtorch_cuda: it registers its kernels when it is loaded.
    target_link_libraries(LibTorch::LibTorch INTERFACE
      "-Wl,--push-state,--no-as-needed" "${_torch}/lib/libtorch_cuda.so" "-Wl,--pop-state" "${_torch}/lib/libc10_cuda.so")
  endif()
endif()
