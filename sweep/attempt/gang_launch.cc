#include "sweep/attempt/gang_launch.h"

#include <unistd.h>

#include <string_view>

#include "base/text.h"

namespace archsweep {

std::filesystem::path FindMpirun(std::span<const std::string> environment) {
  constexpr std::string_view kPrefix = "PATH=";
  for (const std::string& entry : environment) {
    if (!entry.starts_with(kPrefix)) continue;
    for (const std::string& folder : Split(std::string_view(entry).substr(kPrefix.size()), ':')) {
      const std::filesystem::path program = std::filesystem::path(folder) / "mpirun";
      if (!folder.empty() && access(program.c_str(), X_OK) == 0) return program;
    }
  }
  return {};
}

std::vector<std::string> GangArguments(const std::filesystem::path& mpirun, int ranks,
                                       const std::filesystem::path& folder,
                                       const std::filesystem::path& program) {
  const std::string count = Format("{}", ranks);
  std::vector<std::string> arguments = {mpirun.string()};
  const auto add = [&](std::initializer_list<std::string> more) {
    arguments.insert(arguments.end(), more);
  };
  add({"-np", count, "--host", "localhost:" + count, "--oversubscribe", "--bind-to", "none"});
  add({"--mca", "plm", "isolated", "--mca", "ras", "^slurm,gridengine,tm,lsf"});
  add({"--mca", "orte_tmpdir_base", folder.string()});
  // Between ranks the loopback: shared memory would stay behind where they are killed, and
  // containers have little of it.
  add({"--mca", "pml", "ob1", "--mca", "btl", "self,tcp", "--mca", "btl_tcp_if_include", "lo"});
  // A rank that waits lets those that compute have its CPU.
  add({"--mca", "mpi_yield_when_idle", "1"});
  add({program.string()});
  return arguments;
}

std::vector<std::string> GangEnvironment() {
  return {"OMPI_ALLOW_RUN_AS_ROOT=1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1"};
}

}  // namespace archsweep
