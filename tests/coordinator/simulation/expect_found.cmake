# cmake -DPROGRAM=... -DSEEDS=... -P expect_found.cmake: passes if a mutated simulation breaks a promise.
execute_process(COMMAND "${PROGRAM}" 1 "${SEEDS}" RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(result STREQUAL "0")
  message(FATAL_ERROR "${SEEDS} seeds did not find the fault of ${PROGRAM}")
endif()
message(STATUS "found: ${output}")
