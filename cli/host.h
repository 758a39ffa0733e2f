#pragma once

#include <filesystem>

namespace archsweep {

// How many processors this process may run on; at least one.
int CpuCount();

// The NVIDIA GPUs of this machine, as far as the driver has made device files for them.
int GpuCount();

// Of the terminal that stderr is, or a usual width where it is none.
int TerminalColumns();

// Of --state, unless another is given.
inline constexpr const char* kDefaultStateFolder = "archsweep-state";

// The folder of the running program.
std::filesystem::path ProgramFolder();

}  // namespace archsweep
