#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sweep/attempt/gang_launch.h"

namespace archsweep {

// The environment of the test.
inline std::vector<std::string> TestEnvironment() {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry; ++entry) environment.emplace_back(*entry);
  return environment;
}

// The command that runs `program` with `arguments` as a gang, as an agent would; its first word is
// a path. Empty where that is not possible: there is no mpirun, or the trainer knows no MPI.
inline std::vector<std::string> GangCommand(int ranks, const std::filesystem::path& folder,
                                            const std::string& program,
                                            const std::vector<std::string>& arguments) {
#ifdef ARCHSWEEP_MPI
  const std::filesystem::path mpirun = FindMpirun(TestEnvironment());
#else
  const std::filesystem::path mpirun;
#endif
  if (mpirun.empty()) return {};
  std::vector<std::string> command = {"/usr/bin/env"};
  const auto add = [&](const std::vector<std::string>& more) {
    command.insert(command.end(), more.begin(), more.end());
  };
  add(GangEnvironment());
  add(GangArguments(mpirun, ranks, folder, std::string(ARCHSWEEP_PROGRAM_DIR "/") + program));
  add(arguments);
  return command;
}

inline constexpr char kNoGang[] = "needs mpirun, and a trainer that was built with MPI";

}  // namespace archsweep
