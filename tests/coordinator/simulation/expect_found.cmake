# cmake -DPROGRAM=... -DSEEDS=... -P expect_found.cmake: passes if a mutated simulation breaks a promise. That it crashes
# by itself does not count.
execute_process(COMMAND "${PROGRAM}" 1 "${SEEDS}" RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(NOT result STREQUAL "1" OR NOT output MATCHES "seed [0-9]+: ")
  message(FATAL_ERROR "${SEEDS} seeds did not find the fault of ${PROGRAM}: ${result}, ${output}")
endif()
message(STATUS "found: ${output}")
