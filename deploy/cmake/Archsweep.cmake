# How a folder becomes a target. A room's CMakeLists.txt usually reads
#
#   archsweep_room(sweep/trial
#     canonical_form.cc
#     data_set_registry.cc)
#   archsweep_test(sweep/trial
#     canonical_form_test.cc)
#
# archsweep_room(PATH SOURCES... [PROTOS file.proto...])
#     Static library archsweep_<PATH with '_'> of the sources beside the CMakeLists.txt; without sources an INTERFACE
#     library. It links exactly the rooms and packages that edges.txt gives to PATH. PROTOS are compiled with
#     their gRPC services; "proto/fleet.proto" becomes "proto/fleet.pb.h" and "proto/fleet.grpc.pb.h".
#
# archsweep_program(NAME ROOM SOURCES...)
#     Program bin/NAME of the sources beside the CMakeLists.txt, linked to ROOM.
#
# archsweep_test(FOLDER SOURCES... [NAME suffix] [ROOMS room...] [LABELS long] [TIMEOUT seconds] [PROGRAMS name...])
#     One GoogleTest program of tests/FOLDER/SOURCES (with gtest's main), each TEST a ctest test "FOLDER/Suite.Name".
#     FOLDER is a room, which is linked, or another folder of tests/. ROOMS are linked too, and PROGRAMS are
#     built before the test can run. A second call for the same folder needs a NAME. Tests of label `long` run only with
#     `deploy/test --all`, and one that needs archsweep-trainer is left out of a build without LibTorch. TIMEOUT holds for
#     each test (60 s unless given). Compile definitions:
#     ARCHSWEEP_SOURCE_DIR (the repository root) and ARCHSWEEP_PROGRAM_DIR (where programs are built).
#
# archsweep_benchmark(NAME SOURCES... ROOMS room...)
#     Google Benchmark program bench/NAME (with the library's main) of the sources beside the CMakeLists.txt. It is built only
#     on request: ninja NAME.

include(GoogleTest)

# Own code is compiled with these; imported packages stay SYSTEM and silent. Warnings are errors only under the
# compiler major version this tree is tested with: another one warns about other things, and a user must still be able to build.
add_library(archsweep_flags INTERFACE)
# Fields left out of a designated initialiser have the default that their struct says, so they are no mistake.
target_compile_options(archsweep_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wno-missing-field-initializers -fvisibility=hidden)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 reports -Wrestrict inside std::string for correct code (its bug 105651).
  target_compile_options(archsweep_flags INTERFACE -Werror -Wno-restrict)
endif()

function(_archsweep_target_name out room)
  string(REPLACE "/" "_" name "${room}")
  set(${out} "archsweep_${name}" PARENT_SCOPE)
endfunction()

# Links `target` to what edges.txt gives to `room`.
function(_archsweep_link_edges target scope room)
  get_property(all_rooms GLOBAL PROPERTY ARCHSWEEP_ROOMS)
  if(NOT room IN_LIST all_rooms)
    message(FATAL_ERROR "${room} is not a room of deploy/cmake/edges.txt")
  endif()
  get_property(rooms GLOBAL PROPERTY "ARCHSWEEP_ROOMS_OF_${room}")
  get_property(packages GLOBAL PROPERTY "ARCHSWEEP_TARGETS_OF_${room}")
  foreach(other IN LISTS rooms)
    _archsweep_target_name(other_target "${other}")
    target_link_libraries(${target} ${scope} ${other_target})
  endforeach()
  target_link_libraries(${target} ${scope} ${packages})
endfunction()

# Generated code is not ours to warn about: it is compiled with warnings off, and its headers are SYSTEM.
function(_archsweep_add_protos target room protos)
  set(out_dir "${PROJECT_BINARY_DIR}/generated")
  file(MAKE_DIRECTORY "${out_dir}")
  foreach(proto IN LISTS protos)
    string(REGEX REPLACE "\\.proto$" "" stem "${room}/${proto}")
    set(outputs "${out_dir}/${stem}.pb.cc" "${out_dir}/${stem}.grpc.pb.cc")
    set(headers "${out_dir}/${stem}.pb.h" "${out_dir}/${stem}.grpc.pb.h")
    add_custom_command(
      OUTPUT ${outputs} ${headers}
      COMMAND protobuf::protoc "--proto_path=${PROJECT_SOURCE_DIR}" "--cpp_out=${out_dir}" "--grpc_out=${out_dir}"
              "--plugin=protoc-gen-grpc=${ARCHSWEEP_GRPC_PLUGIN}" "${room}/${proto}"
      WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}"
      DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${proto}"
      COMMENT "Compiling ${room}/${proto}"
      VERBATIM)
    set_source_files_properties(${outputs} PROPERTIES COMPILE_OPTIONS "-w" SKIP_PRECOMPILE_HEADERS ON)
    target_sources(${target} PRIVATE ${outputs} ${headers})
  endforeach()
  target_include_directories(${target} SYSTEM PUBLIC "${out_dir}")
endfunction()

function(archsweep_room room)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "PROTOS")
  _archsweep_target_name(target "${room}")
  if(arg_UNPARSED_ARGUMENTS OR arg_PROTOS)
    add_library(${target} STATIC ${arg_UNPARSED_ARGUMENTS})
    set(scope PUBLIC)
    target_link_libraries(${target} PRIVATE archsweep_flags)
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(${target} ${scope} "${PROJECT_SOURCE_DIR}")
  if(arg_PROTOS)
    _archsweep_add_protos(${target} "${room}" "${arg_PROTOS}")
  endif()
  _archsweep_link_edges(${target} ${scope} "${room}")
endfunction()

function(archsweep_program name room)
  _archsweep_target_name(room_target "${room}")
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE archsweep_flags ${room_target})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
endfunction()

function(archsweep_test folder)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "NAME;TIMEOUT" "ROOMS;LABELS;PROGRAMS")
  if("archsweep-trainer" IN_LIST arg_PROGRAMS AND NOT LibTorch_FOUND)
    message(STATUS "tests/${folder} ${arg_NAME} is not built: it needs archsweep-trainer")
    return()
  endif()
  _archsweep_target_name(target "${folder}")
  set(target "${target}_test")
  if(arg_NAME)
    string(APPEND target "_${arg_NAME}")
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 60)
  endif()
  get_property(all_rooms GLOBAL PROPERTY ARCHSWEEP_ROOMS)
  if(folder IN_LIST all_rooms)
    list(APPEND arg_ROOMS "${folder}")
  endif()
  set(sources ${arg_UNPARSED_ARGUMENTS})
  list(TRANSFORM sources PREPEND "${PROJECT_SOURCE_DIR}/tests/${folder}/")
  add_executable(${target} ${sources})
  foreach(room IN LISTS arg_ROOMS)
    _archsweep_target_name(room_target "${room}")
    target_link_libraries(${target} PRIVATE ${room_target})
  endforeach()
  target_link_libraries(${target} PRIVATE archsweep_flags GTest::gtest GTest::gtest_main)
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_compile_definitions(${target} PRIVATE
    ARCHSWEEP_SOURCE_DIR="${PROJECT_SOURCE_DIR}" ARCHSWEEP_PROGRAM_DIR="${PROJECT_BINARY_DIR}/bin")
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
  if(arg_PROGRAMS)
    add_dependencies(${target} ${arg_PROGRAMS})
  endif()
  gtest_discover_tests(${target}
    TEST_PREFIX "${folder}/"
    WORKING_DIRECTORY "${PROJECT_BINARY_DIR}/tests"
    DISCOVERY_TIMEOUT 60
    PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}")
endfunction()

function(archsweep_benchmark name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "ROOMS")
  add_executable(${name} EXCLUDE_FROM_ALL ${arg_UNPARSED_ARGUMENTS})
  foreach(room IN LISTS arg_ROOMS)
    _archsweep_target_name(room_target "${room}")
    target_link_libraries(${name} PRIVATE ${room_target})
  endforeach()
  target_link_libraries(${name} PRIVATE archsweep_flags benchmark::benchmark benchmark::benchmark_main)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bench")
endfunction()
