#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "archsweep_version.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "sweep/attempt/rank_failure.h"
#include "worker/data/dataset.h"
#include "worker/trainer/collective.h"
#include "worker/trainer/control.h"
#include "worker/trainer/evaluate_task.h"
#include "worker/trainer/progress_sink.h"
#include "worker/trainer/runtime.h"
#include "worker/trainer/seat.h"
#include "worker/trainer/task_error.h"
#include "worker/trainer/train_task.h"

namespace archsweep {
namespace {

constexpr char kUsage[] =
    R"(Usage: archsweep-trainer JOB.json
Runs one task: trains a network, or attacks a trained one. Started by archsweep, or by hand:
examples/job.json is a job. Progress goes to the pipe that the job names, otherwise to stdout as
one JSON object a line. SIGTERM, SIGUSR1 and SIGUSR2 stop it after keeping a checkpoint.
  --help     this text
  --version  what it was built from
A job of several ranks is started as mpirun -np RANKS archsweep-trainer JOB.json.
Exit codes: 0 done, 70 failed, 74 a checkpoint could not be written, 75 stopped on request,
76 another rank is gone, 78 wrong job file, data or weights, 86 out of memory.
)";

// From a lost connection to the end of this process: longer than mpirun takes to end all ranks
// after one of them.
constexpr int kOthersEndMs = 5'000;

void CheckNumerics(const Numerics& numerics) {
  if (numerics == ReferenceNumerics() || numerics == FastNumerics(/*gpu=*/false)) return;
  if (numerics == FastNumerics(/*gpu=*/true)) return;
  FailTask(
      FailureClass::kConfiguration,
      Format("this trainer computes in fp32, or in bf16 with fusion folded; the trial asks for "
             "{} and {}",
             numerics.precision, numerics.fusion));
}

ProgressLine RunTask(const Job& job, at::Device device, const Control& control,
                     ProgressSink& progress, Collective& collective) {
  CheckNumerics(job.trial.numerics);
  const Dataset data = OrFail(LoadDataset(job.data_root, job.trial.dataset));
  const Status made = CreateFolders(job.attempt_folder);
  if (!made) FailTask(FailureClass::kStorage, made.error().message);
  if (job.evaluation) return Evaluate(job, device, data, control, progress, collective);
  return Train(job, device, data, control, progress, collective);
}

TrainerExit Fail(const Failure& failure) {
  LogError("{}: {}", NameOf(failure.kind), failure.message);
  return ExitOf(failure.kind);
}

// Rank 0 alone speaks and listens.
class Rank {
 public:
  Rank(const Job& job, const Seat& seat)
      : job_(job),
        seat_(seat),
        progress_(seat.rank == 0 ? ProgressSink(job.progress_pipe) : ProgressSink::Silent()) {}

  TrainerExit Run() {
    try {
      const Control control(seat_.rank == 0 ? job_.control_pipe : "", job_.lifeline_pipe);
      const at::Device device = SetUpRuntime(job_, seat_);
      collective_ = OpenCollective(seat_, device, job_.attempt_folder,
                                   [this](const Failure& failure) { EndGang(failure); });
      progress_.Write(RunTask(job_, device, control, progress_, *collective_));
      return TrainerExit::kDone;
    } catch (...) {
      const Failure failure = FailureInFlight();
      if (seat_.size > 1 && failure.kind != FailureClass::kStopped) EndGang(failure);
      if (seat_.rank > 0) return ExitOf(failure.kind);
      progress_.Write(FailedLine{failure});
      const TrainerExit code = Fail(failure);
      // What is to be kept is kept: the others need not come to an end of their own.
      if (seat_.size > 1) collective_->Abort(static_cast<int>(code));
      return code;
    }
  }

 private:
  // Ends all ranks, for none can go on without this one. One that is lost to this rank has perhaps
  // failed itself: what it says, and how it ended, is to be seen first.
  [[noreturn]] void EndGang(const Failure& failure) {
    LogError("rank {}: {}: {}", seat_.rank, NameOf(failure.kind), failure.message);
    if (failure.kind == FailureClass::kLost) poll(nullptr, 0, kOthersEndMs);
    const Status told =
        WriteRankFailure(job_.attempt_folder, {seat_.rank, SystemClock().MonotonicMs(), failure});
    if (!told) LogError("{}", told.error().message);
    const int code = static_cast<int>(ExitOf(failure.kind));
    if (collective_) collective_->Abort(code);
    _exit(code);
  }

  const Job& job_;
  const Seat& seat_;
  ProgressSink progress_;
  std::unique_ptr<Collective> collective_;
};

// Who does not know its rank tells it as rank 0 would.
Seat SeatOf(const Job& job, std::span<const std::string> environment) {
  try {
    return FindSeat(environment, job.ranks);
  } catch (const TaskError& error) {
    ProgressSink(job.progress_pipe).Write(FailedLine{error.failure});
    throw;
  }
}

TrainerExit RunJob(const Job& job, std::span<const std::string> environment) {
  try {
    const Seat seat = SeatOf(job, environment);
    return Rank(job, seat).Run();
  } catch (...) {
    return Fail(FailureInFlight());
  }
}

TrainerExit Main(const char* job_file, std::span<const std::string> environment) {
  // A reader that is gone is an error of write.
  signal(SIGPIPE, SIG_IGN);
  BlockStopSignals();
  const auto json = ReadJsonFile(job_file);
  const auto job = json.and_then([&](const Json& value) { return ParseJob(value); });
  if (!job) {
    return Fail({FailureClass::kConfiguration, Format("{}: {}", job_file, job.error().message)});
  }
  return RunJob(*job, environment);
}

}  // namespace
}  // namespace archsweep

int main(int argc, char** argv, char** environment) {
  using namespace archsweep;
  const std::string_view argument = argc == 2 ? argv[1] : "";
  if (argument == "--help") {
    std::fputs(kUsage, stdout);
    return 0;
  }
  if (argument == "--version") {
    std::printf("archsweep-trainer %s (%s), %s, %s\n", kVersion, kGitId, kCompiler, kLibraries);
    std::printf("for one rank or several: %s\n", CollectiveBackEnds().c_str());
    return 0;
  }
  if (argc != 2 || argument.starts_with("-")) {
    std::fputs(kUsage, stderr);
    return static_cast<int>(TrainerExit::kConfiguration);
  }
  std::vector<std::string> variables;
  for (; *environment; ++environment) variables.emplace_back(*environment);
  return static_cast<int>(Main(argv[1], variables));
}
