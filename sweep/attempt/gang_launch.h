#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace archsweep {

// The mpirun of the PATH in `environment` ("NAME=VALUE" strings); empty if there is none.
std::filesystem::path FindMpirun(std::span<const std::string> environment);

// The command line that starts `ranks` processes of `program` on this host, without what follows
// the program. Nothing of a batch system is used even inside one, and no rank is bound to a CPU,
// for two gangs would be bound to the same ones. Files of mpirun itself go below `folder`, so that
// they do not stay behind where it is killed.
std::vector<std::string> GangArguments(const std::filesystem::path& mpirun, int ranks,
                                       const std::filesystem::path& folder,
                                       const std::filesystem::path& program);

// What has to be added to the environment of mpirun: it refuses root without it.
std::vector<std::string> GangEnvironment();

}  // namespace archsweep
