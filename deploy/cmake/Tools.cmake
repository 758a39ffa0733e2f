# Faster building with ccache and mold, where they are installed.

find_program(ARCHSWEEP_CCACHE ccache)
if(ARCHSWEEP_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # A base folder lets clones share the cache; the sloppiness is what ccache asks for with precompiled headers.
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env
    "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}" CCACHE_SLOPPINESS=pch_defines,time_macros "${ARCHSWEEP_CCACHE}")
endif()

find_program(ARCHSWEEP_MOLD_PROGRAM mold)
if(ARCHSWEEP_MOLD AND ARCHSWEEP_MOLD_PROGRAM)
  add_link_options(-fuse-ld=mold)
endif()
