# What the trainer's optional back ends for several processes link to. Both targets exist always; the variables (and macros
# of the same name) say whether anything is behind them. Without it a job of several ranks is refused with the remedy.
#
#   archsweep_mpi    ARCHSWEEP_MPI    Open MPI: sums in host memory
#   archsweep_nccl   ARCHSWEEP_NCCL   NCCL and the CUDA runtime: sums between GPUs

add_library(archsweep_mpi INTERFACE)
set(ARCHSWEEP_MPI FALSE)
add_library(archsweep_nccl INTERFACE)
set(ARCHSWEEP_NCCL FALSE)
if(NOT LibTorch_FOUND)
  return()
endif()

find_package(MPI QUIET COMPONENTS C)
if(MPI_C_FOUND)
  set(ARCHSWEEP_MPI TRUE)
  target_link_libraries(archsweep_mpi INTERFACE MPI::MPI_C)
  # Its old C++ interface is not used.
  target_compile_definitions(archsweep_mpi INTERFACE ARCHSWEEP_MPI OMPI_SKIP_MPICXX)
  list(APPEND ARCHSWEEP_LIBRARY_VERSIONS "MPI ${MPI_C_VERSION}")
else()
  message(STATUS "archsweep-trainer is built without MPI: no Open MPI (./deploy/setup installs it)")
endif()

# The NCCL of torch's own wheel where it is installed, for one process must not load two; else that of the toolkit.
find_package(CUDAToolkit QUIET)
find_path(ARCHSWEEP_NCCL_INCLUDE nccl.h NO_DEFAULT_PATH
  PATHS "${ARCHSWEEP_TORCH}/nvidia/nccl/include" ${CUDAToolkit_INCLUDE_DIRS} /usr/include)
find_file(ARCHSWEEP_NCCL_LIBRARY libnccl.so.2 NO_DEFAULT_PATH
  PATHS "${ARCHSWEEP_TORCH}/nvidia/nccl/lib" "${CUDAToolkit_LIBRARY_DIR}" "/usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}")
mark_as_advanced(ARCHSWEEP_NCCL_INCLUDE ARCHSWEEP_NCCL_LIBRARY)
if(CUDAToolkit_FOUND AND ARCHSWEEP_NCCL_INCLUDE AND ARCHSWEEP_NCCL_LIBRARY AND LIBTORCH_CUDA_RUNTIME)
  set(ARCHSWEEP_NCCL TRUE)
  target_compile_definitions(archsweep_nccl INTERFACE ARCHSWEEP_NCCL)
  target_include_directories(archsweep_nccl SYSTEM INTERFACE "${ARCHSWEEP_NCCL_INCLUDE}" ${CUDAToolkit_INCLUDE_DIRS})
  target_link_libraries(archsweep_nccl INTERFACE
    "${ARCHSWEEP_NCCL_LIBRARY}" "${ARCHSWEEP_TORCH}/torch/lib/libc10_cuda.so" "${LIBTORCH_CUDA_RUNTIME}")
  file(STRINGS "${ARCHSWEEP_NCCL_INCLUDE}/nccl.h" _nccl REGEX "^#define NCCL_(MAJOR|MINOR|PATCH) ")
  string(REGEX REPLACE "[^0-9;]" "" _nccl "${_nccl}")
  list(JOIN _nccl "." _nccl)
  list(APPEND ARCHSWEEP_LIBRARY_VERSIONS "NCCL ${_nccl}")
else()
  message(STATUS "archsweep-trainer is built without NCCL: no CUDA toolkit with nccl.h and libnccl.so.2")
endif()
