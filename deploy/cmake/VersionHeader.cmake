# Target archsweep_version: the generated header archsweep_version.h, which names what this build was made of.

set(_libraries ${ARCHSWEEP_LIBRARY_VERSIONS})
if(LibTorch_FOUND)
  list(APPEND _libraries "torch ${LibTorch_VERSION}")
endif()
list(JOIN _libraries ", " _libraries_text)

add_custom_target(archsweep_version_header
  COMMAND "${CMAKE_COMMAND}"
    "-DSOURCE_DIR=${PROJECT_SOURCE_DIR}"
    "-DOUTPUT=${PROJECT_BINARY_DIR}/generated/archsweep_version.h"
    "-DVERSION=${PROJECT_VERSION}"
    "-DCOMPILER=${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}"
    "-DBUILD_TYPE=${CMAKE_BUILD_TYPE}"
    "-DLIBRARIES=${_libraries_text}"
    -P "${PROJECT_SOURCE_DIR}/deploy/cmake/Version.cmake"
  BYPRODUCTS "${PROJECT_BINARY_DIR}/generated/archsweep_version.h"
  COMMENT "Naming the version"
  VERBATIM)

add_library(archsweep_version INTERFACE)
add_dependencies(archsweep_version archsweep_version_header)
target_include_directories(archsweep_version INTERFACE "${PROJECT_BINARY_DIR}/generated")
