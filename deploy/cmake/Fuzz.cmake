# With ARCHSWEEP_FUZZ all code is compiled so that a fuzzer sees which branches an input takes, and so that address and
# undefined-behaviour mistakes end the program.
#
# archsweep_fuzzer(TARGET LIBRARY SOURCE...): program fuzz/TARGET, which feeds the target of that name. LIBRARY holds the targets.
# All of them: ninja archsweep_fuzzers.

if(ARCHSWEEP_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "ARCHSWEEP_FUZZ needs clang, but the compiler is ${CMAKE_CXX_COMPILER_ID}. Use: cmake --preset fuzz")
  endif()
  add_compile_options(
    -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
  add_custom_target(archsweep_fuzzers)
endif()

function(archsweep_fuzzer target library)
  if(NOT ARCHSWEEP_FUZZ)
    return()
  endif()
  set(name "archsweep_fuzz_${target}")
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE archsweep_flags ${library})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  target_compile_definitions(${name} PRIVATE ARCHSWEEP_FUZZ_TARGET="${target}")
  set_target_properties(${name} PROPERTIES OUTPUT_NAME ${target} RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/fuzz")
  add_dependencies(archsweep_fuzzers ${name})
endfunction()
