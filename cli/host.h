#pragma once

#include <filesystem>

namespace archsweep {

// How many processors this process may run on; at least one.
int CpuCount();

// The NVIDIA GPUs of this machine, as far as the driver has made device files for them.
int GpuCount();

// The folder of the running program.
std::filesystem::path ProgramFolder();

}  // namespace archsweep
