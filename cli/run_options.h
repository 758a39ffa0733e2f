#pragma once

#include <CLI/App.hpp>
#include <filesystem>
#include <string>

#include "base/result.h"
#include "cli/host.h"
#include "cli/run_sweep.h"

namespace archsweep {

// The options of a command that runs tasks on this machine, as they are given.
struct RunFlags {
  std::string state = kDefaultStateFolder;
  std::string data_root;
  std::string trainer;
  int slots = 0;
  double checkpoint_seconds = 10;
};

// `default_data_root` is how the help calls it. `flags` must outlive `command`.
void AddRunFlags(CLI::App& command, RunFlags& flags, const std::string& default_data_root);

Result<RunOptions> RunOptionsOf(const RunFlags& flags,
                                const std::filesystem::path& default_data_root);

}  // namespace archsweep
