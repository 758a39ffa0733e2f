#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/agent_thread.h"
#include "cli/commands.h"
#include "cli/duration.h"
#include "cli/host.h"
#include "cli/stop_signals.h"
#include "proto/access/access.h"
#include "sweep/attempt/exchange.h"
#include "worker/agent/agent.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kLookIntervalMs = 200;
constexpr int64_t kGiveUpMs = 24 * 3'600'000;
constexpr int64_t kGraceMs = 25'000;  // Within the 30 s that batch systems leave.
constexpr int64_t kCheckpointMs = 300'000;
constexpr int kWorkFoldersMax = 1'000;  // Of one user on one machine.

struct WorkerFlags {
  std::string shared = kDefaultStateFolder;
  std::string access;
  std::string work;
  std::string data_root;
  std::string trainer;
  int slots = -1;
  int gpus = -1;
  int64_t time_limit_ms = 0;
  int64_t give_up_ms = kGiveUpMs;
  int64_t grace_ms = kGraceMs;
  int64_t checkpoint_ms = kCheckpointMs;
};

constexpr const char* kExamples = R"(Examples:
  archsweep worker --shared /shared/depth --data-root /data
  archsweep worker --shared /shared/depth --gpus 4 --slots 0 --time-limit 4h
SIGTERM, SIGINT, SIGUSR1 and SIGUSR2 mean: keep checkpoints, give the work back, leave. A second
SIGINT ends all at once. Exit codes: 0 it left, 75 the coordinator did not answer for --give-up,
4 there is no access file yet, 5 the token is refused.)";

// Of this user alone, on a disk of this machine.
Result<fs::path> WorkRoot() {
  const fs::path root = Format("/var/tmp/archsweep-{}", getuid());
  mkdir(root.c_str(), 0700);  // It may be there.
  struct stat found {};
  if (lstat(root.c_str(), &found) != 0) return tl::unexpected(SystemError(root, "be created"));
  if (S_ISDIR(found.st_mode) && found.st_uid == getuid()) return root;
  return Fail(ErrorKind::kIo,
              Format("{}: is not a folder of this user; give another with --work", root.string()));
}

// Opens an agent in the folder that was given, or in the first below WorkRoot that no other holds.
Result<std::unique_ptr<Agent>> OpenAgent(AgentOptions options) {
  if (!options.work_folder.empty()) return Agent::Open(std::move(options));
  TRY_ASSIGN(const fs::path root, WorkRoot());
  for (int number = 0; number < kWorkFoldersMax; ++number) {
    options.work_folder = root / Format("{}", number);
    auto agent = Agent::Open(options);
    if (agent || agent.error().kind != ErrorKind::kBusy) return agent;
  }
  return Fail(ErrorKind::kBusy,
              Format("{}: all of its {} folders are in use", root.string(), kWorkFoldersMax));
}

Result<AgentOptions> OptionsOf(const WorkerFlags& flags) {
  AgentOptions options{.access_file = flags.access.empty() ? AccessFile(flags.shared, Role::kWorker)
                                                           : fs::path(flags.access),
                       .work_folder = flags.work,
                       .shared_folder = flags.shared,
                       .data_root = flags.data_root.empty() ? "data" : flags.data_root,
                       .trainer_program = flags.trainer.empty()
                                              ? ProgramFolder() / "archsweep-trainer"
                                              : fs::path(flags.trainer),
                       .cpu_slots = flags.slots,
                       .gpu_slots = flags.gpus < 0 ? GpuCount() : flags.gpus,
                       .checkpoint_interval_ms = flags.checkpoint_ms,
                       .stop_ms = flags.grace_ms,
                       .give_up_ms = flags.give_up_ms,
                       .time_limit_ms = flags.time_limit_ms};
  // A machine with GPUs works on them alone unless it is told otherwise.
  if (flags.slots < 0) options.cpu_slots = options.gpu_slots > 0 ? 0 : CpuCount();
  TRY_ASSIGN(options.access, ReadAccess(options.access_file));
  if (options.access.role == Role::kWorker) return options;
  return Fail(ErrorKind::kDenied,
              Format("{}: is for a {}, not for a worker", options.access_file.string(),
                     NameOf(options.access.role)));
}

Result<std::unique_ptr<Agent>> Join(const WorkerFlags& flags) {
  auto options = OptionsOf(flags);
  if (options) return OpenAgent(*std::move(options));
  // No coordinator is there yet.
  Error error = std::move(options).error();
  if (error.kind == ErrorKind::kNotFound) error.kind = ErrorKind::kUnavailable;
  return tl::unexpected(std::move(error));
}

Status WorkUntilStopped(std::unique_ptr<Agent> agent, const StopSignals& signals) {
  AgentThread thread(std::move(agent));
  bool stopping = false;
  while (!thread.Ended()) {
    const auto signal = signals.Take(kLookIntervalMs);
    if (!signal) continue;
    if (stopping && *signal == SIGINT) thread.Kill();
    if (!stopping) LogInfo("signal {}: checkpoints are kept, and this worker leaves", *signal);
    stopping = true;
    thread.RequestStop();
  }
  return thread.Join();
}

ExitCode Run(const WorkerFlags& flags) {
  const StopSignals signals(StopSignals::Kind::kBatch);
  auto agent = Join(flags);
  if (!agent) return ReportError(agent.error());
  const Status ended = WorkUntilStopped(*std::move(agent), signals);
  if (ended || ended.error().kind != ErrorKind::kUnavailable) return ReportEnd(ended);
  // It gave up. A batch system may start it again.
  ReportError(ended.error());
  return ExitCode::kGaveUp;
}

void AddFolderOptions(CLI::App& command, WorkerFlags& flags) {
  command.add_option("--shared", flags.shared, "Folder that the coordinator sees too")
      ->capture_default_str();
  command.add_option("--access", flags.access,
                     "Access file (default: access/worker.json in --shared)");
  command.add_option("--work", flags.work,
                     "Folder of this worker alone, on a local disk (default: the first free one "
                     "below /var/tmp/archsweep-UID)");
  command.add_option("--data-root", flags.data_root, "Folder of the data sets (default: data)");
  command.add_option("--trainer", flags.trainer,
                     "Trainer program (default: archsweep-trainer beside this program)");
}

}  // namespace

void AddWorkerCommand(CLI::App& app, ExitCode& exit_code) {
  const auto flags = std::make_shared<WorkerFlags>();
  CLI::App* const command =
      app.add_subcommand("worker", "Run what a coordinator gives, on this machine");
  command->footer(kExamples);
  AddFolderOptions(*command, *flags);
  command
      ->add_option("--slots", flags->slots,
                   "Tasks at once on processors (default: one a core, none where there are GPUs)")
      ->check(CLI::Range(0, kSlotsMax));
  command->add_option("--gpus", flags->gpus, "GPUs to use (default: all)")
      ->check(CLI::Range(0, kSlotsMax));
  AddDurationOption(*command, "--time-limit", flags->time_limit_ms,
                    "Leave before so much time is over, with checkpoints kept", "none");
  AddDurationOption(*command, "--give-up", flags->give_up_ms,
                    "Leave when the coordinator has not answered for so long", "24h");
  AddDurationOption(*command, "--grace", flags->grace_ms,
                    "Time to keep checkpoints and leave, once asked to", "25s");
  AddDurationOption(*command, "--checkpoint", flags->checkpoint_ms,
                    "How often a training keeps a checkpoint", "5m");
  command->callback([flags, &exit_code] { exit_code = Run(*flags); });
}

}  // namespace archsweep
