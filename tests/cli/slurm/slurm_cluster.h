#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/cli/background_command.h"
#include "tests/cli/command.h"

namespace archsweep {

// A Slurm of its own: munged, slurmctld and kSlurmNodes times slurmd on this machine. Nodes are
// named n1, n2, ... and have two processors and two devices that pass for GPUs. Jobs of partition
// `high` pre-empt those of `low`, which are requeued. Ends with everything that it started.
class SlurmCluster {
 public:
  static constexpr int kNodes = 4;

  // Why there can be none here; nothing if there can.
  static std::optional<std::string> Obstacle();

  // Files go below `folder`. Daemons are up when it returns, or the test has failed.
  explicit SlurmCluster(std::filesystem::path folder);
  ~SlurmCluster();
  SlurmCluster(const SlurmCluster&) = delete;
  SlurmCluster& operator=(const SlurmCluster&) = delete;

  // Id of the submitted job; "" after a failure of the test.
  std::string Submit(const std::vector<std::string>& arguments) const;

  // What squeue says in this format of the jobs that wait or run, a line each.
  std::vector<std::string> Jobs(const std::string& format) const;

  // Kills slurmd of a node, 1 .. kNodes, and all that runs there, as a loss of power would.
  void KillNode(int node);
  void StartNode(int node);
  // Whether Slurm knows that it is gone.
  bool IsDown(int node) const;

  // Runs a client command of Slurm in the environment of this cluster.
  CommandResult Run(const std::vector<std::string>& command) const;

 private:
  void WriteConfiguration() const;
  void Start(const std::string& name, const std::vector<std::string>& command);

  const std::filesystem::path folder_;
  std::unique_ptr<BackgroundCommand> munge_, controller_;
  std::vector<std::unique_ptr<BackgroundCommand>> nodes_;
};

}  // namespace archsweep
