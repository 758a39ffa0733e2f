# Run at every build: writes the version header, and touches it only when the text changes, so that nothing is rebuilt in vain.
# Input: SOURCE_DIR, OUTPUT, VERSION, COMPILER, LIBRARIES, BUILD_TYPE.

set(git_id "unknown")
find_program(GIT git)
if(GIT)
  execute_process(COMMAND "${GIT}" -C "${SOURCE_DIR}" rev-parse --short=12 HEAD
    OUTPUT_VARIABLE id OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  if(NOT failed)
    # Numbers made by a changed tree must not carry the name of the commit below it.
    execute_process(COMMAND "${GIT}" -C "${SOURCE_DIR}" diff-index --quiet HEAD -- RESULT_VARIABLE dirty OUTPUT_QUIET ERROR_QUIET)
    set(git_id "${id}")
    if(dirty)
      string(APPEND git_id "-dirty")
    endif()
  endif()
endif()

set(text "#pragma once

namespace archsweep {

inline constexpr char kVersion[] = \"${VERSION}\";
inline constexpr char kGitId[] = \"${git_id}\";  // Ends in -dirty when tracked files differ from the commit.
inline constexpr char kBuild[] = \"${VERSION} (${git_id})\";
inline constexpr char kCompiler[] = \"${COMPILER}\";
inline constexpr char kBuildType[] = \"${BUILD_TYPE}\";
inline constexpr char kLibraries[] = \"${LIBRARIES}\";

}  // namespace archsweep
")
set(old "")
if(EXISTS "${OUTPUT}")
  file(READ "${OUTPUT}" old)
endif()
if(NOT text STREQUAL old)
  file(WRITE "${OUTPUT}" "${text}")
endif()
