#include "tests/cli/slurm/slurm_cluster.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <utility>

#include "base/id.h"
#include "base/text.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kPatience(30);
constexpr std::chrono::seconds kEndPatience(90);  // Of workers that leave, and those that do not.
constexpr int kGpusPerNode = 2;

// Free when it was asked for, which on a machine of this test alone it stays.
int FreePort() {
  const int socket_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof address;
  auto* const raw = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(bind(socket_fd, raw, size), 0);
  EXPECT_EQ(getsockname(socket_fd, raw, &size), 0);
  close(socket_fd);
  return ntohs(address.sin_port);
}

std::string Program(const std::string& name) {
  for (const char* const folder : {"/usr/sbin/", "/usr/bin/"}) {
    if (fs::exists(folder + name)) return folder + name;
  }
  return "";
}

bool HasVariable(const fs::path& process, const std::string& assignment) {
  std::ifstream file(process / "environ");
  std::string variable;
  while (std::getline(file, variable, '\0')) {
    if (variable == assignment) return true;
  }
  return false;
}

// The slurmstepd that is the parent of a process, if it is one.
std::optional<pid_t> StepDaemonOf(const fs::path& process) {
  std::ifstream status(process / "status");
  std::string key;
  pid_t parent = 0;
  while (status >> key && key != "PPid:") {
  }
  if (!(status >> parent)) return std::nullopt;
  std::string name;
  std::getline(std::ifstream(Format("/proc/{}/comm", parent)), name);
  return name == "slurmstepd" ? std::optional(parent) : std::nullopt;
}

}  // namespace

std::optional<std::string> SlurmCluster::Obstacle() {
  if (geteuid() != 0) return "this test starts daemons of Slurm, which needs root";
  for (const char* const name : {"slurmctld", "slurmd", "sbatch", "munged"}) {
    if (Program(name).empty()) {
      return Format("{} is missing: install slurm-wlm and munge", name);
    }
  }
  return std::nullopt;
}

SlurmCluster::SlurmCluster(fs::path folder) : folder_(std::move(folder)), nodes_(kNodes) {
  WriteConfiguration();
  setenv("SLURM_CONF", (folder_ / "slurm.conf").c_str(), 1);
  munge_ = std::make_unique<BackgroundCommand>(
      std::vector<std::string>{Program("munged"), "--foreground", "--force",
                               "--socket=" + (folder_ / "munge/socket").string(),
                               "--key-file=" + (folder_ / "munge/key").string(),
                               "--pid-file=" + (folder_ / "munge/pid").string(),
                               "--log-file=" + (folder_ / "munge/log").string(),
                               "--seed-file=" + (folder_ / "munge/seed").string()},
      folder_ / "munge.out");
  EXPECT_TRUE(WaitUntil([&] { return fs::exists(folder_ / "munge/socket"); }, kPatience));
  controller_ = std::make_unique<BackgroundCommand>(
      std::vector<std::string>{Program("slurmctld"), "-D"}, folder_ / "slurmctld.out");
  for (int node = 1; node <= kNodes; ++node) StartNode(node);
  const auto are_idle = [&] {
    return Run({"sinfo", "--noheader", "--format=%T %D", "--partition=low"}).out ==
           Format("idle {}\n", kNodes);
  };
  EXPECT_TRUE(WaitUntil(are_idle, kPatience)) << Run({"sinfo"}).out;
}

SlurmCluster::~SlurmCluster() {
  Run({"scancel", "--user=root"});
  EXPECT_TRUE(WaitUntil([&] { return Jobs("%i").empty(); }, kEndPatience)) << "jobs are left";
  nodes_.clear();
  controller_.reset();
  munge_.reset();
  unsetenv("SLURM_CONF");
}

void SlurmCluster::WriteConfiguration() const {
  for (const char* const name : {"state", "munge", "spool"}) fs::create_directories(folder_ / name);
  std::string key;
  while (key.size() < 1024) key += RandomSecret();
  std::ofstream(folder_ / "munge/key") << key;
  fs::permissions(folder_ / "munge/key", fs::perms::owner_read);
  std::ofstream gpus(folder_ / "gres.conf");
  std::ofstream conf(folder_ / "slurm.conf");
  conf << Format(
      "ClusterName=test\nSlurmctldHost=localhost(127.0.0.1)\nSlurmctldPort={}\n"
      "SlurmUser=root\nSlurmdUser=root\nAuthType=auth/munge\nAuthInfo=socket={}/munge/socket\n"
      "ProctrackType=proctrack/linuxproc\nTaskPlugin=task/none\n"
      "JobAcctGatherType=jobacct_gather/none\n"
      "AccountingStorageType=accounting_storage/none\nMpiDefault=none\n"
      "SelectType=select/cons_tres\nSelectTypeParameters=CR_Core_Memory\n"
      "SlurmdParameters=config_overrides\nReturnToService=2\nStateSaveLocation={}/state\n"
      "SlurmctldPidFile={}/slurmctld.pid\nSlurmdSpoolDir={}/spool/%n\n"
      "SlurmdPidFile={}/slurmd-%n.pid\nSlurmctldTimeout=10\nSlurmdTimeout=10\nKillWait=5\n"
      "DefMemPerCPU=100\nGresTypes=gpu\nPreemptType=preempt/partition_prio\n"
      "PreemptMode=REQUEUE\n",
      FreePort(), folder_.string(), folder_.string(), folder_.string(), folder_.string(),
      folder_.string());
  for (int node = 1; node <= kNodes; ++node) {
    for (int gpu = 0; gpu < kGpusPerNode; ++gpu) {
      // A device that harms nobody.
      EXPECT_EQ(
          mknod((folder_ / Format("gpu{}{}", node, gpu)).c_str(), S_IFCHR | 0600, makedev(1, 3)),
          0);
    }
    gpus << Format("NodeName=n{} Name=gpu File={}/gpu{}[0-{}]\n", node, folder_.string(), node,
                   kGpusPerNode - 1);
    conf << Format(
        "NodeName=n{} NodeHostname=localhost NodeAddr=127.0.0.1 Port={} CPUs=2 RealMemory=4000 "
        "Gres=gpu:{}\n",
        node, FreePort(), kGpusPerNode);
  }
  conf << "PartitionName=low Nodes=ALL Default=YES PriorityTier=1\n"
          "PartitionName=high Nodes=ALL PriorityTier=2\n";
}

void SlurmCluster::StartNode(int node) {
  const std::string name = Format("n{}", node);
  nodes_[static_cast<size_t>(node - 1)] = std::make_unique<BackgroundCommand>(
      std::vector<std::string>{Program("slurmd"), "-D", "-N", name}, folder_ / (name + ".out"));
}

void SlurmCluster::KillNode(int node) {
  const auto& slurmd = nodes_[static_cast<size_t>(node - 1)];
  std::vector<pid_t> doomed = {slurmd->Pid()};
  // What runs in jobs carries the name of the node in its environment; above it are the daemons of
  // steps.
  const std::string mark = Format("SLURMD_NODENAME=n{}", node);
  for (const auto& entry : fs::directory_iterator("/proc")) {
    if (!HasVariable(entry.path(), mark)) continue;
    doomed.push_back(std::stoi(entry.path().filename().string()));
    if (const auto daemon = StepDaemonOf(entry.path())) doomed.push_back(*daemon);
  }
  // Nobody has time to tell the others how it ended.
  for (const int signal_number : {SIGSTOP, SIGKILL}) {
    for (const pid_t process : doomed) kill(process, signal_number);
  }
  EXPECT_TRUE(slurmd->Wait(kPatience));
}

bool SlurmCluster::IsDown(int node) const {
  const CommandResult told =
      Run({"sinfo", "--noheader", "--format=%T", Format("--nodes=n{}", node), "--partition=low"});
  return told.out.starts_with("down");
}

std::string SlurmCluster::Submit(const std::vector<std::string>& arguments) const {
  std::vector<std::string> command = {"sbatch", "--parsable"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  const CommandResult result = Run(command);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  return Split(result.out, '\n').front();
}

std::vector<std::string> SlurmCluster::Jobs(const std::string& format) const {
  std::vector<std::string> lines;
  for (const std::string& line : Split(Run({"squeue", "--noheader", "--format", format}).out, '\n'))
    if (!line.empty()) lines.push_back(line);
  return lines;
}

CommandResult SlurmCluster::Run(const std::vector<std::string>& command) const {
  std::vector<std::string> whole = command;
  whole.front() = Program(command.front());
  return RunCommand(whole, {.folder = folder_, .timeout = kPatience});
}

}  // namespace archsweep
