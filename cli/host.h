#pragma once

#include <filesystem>

namespace archsweep {

// How many processors this process may run on; at least one.
int CpuCount();

// The NVIDIA GPUs of this machine, as far as the driver has made device files for them.
int GpuCount();

// Of --state, unless another is given.
inline constexpr const char* kDefaultStateFolder = "archsweep-state";

// The folder of the running program.
std::filesystem::path ProgramFolder();

}  // namespace archsweep
