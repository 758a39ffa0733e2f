#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <string_view>

#include "archsweep_version.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "worker/data/dataset.h"
#include "worker/trainer/control.h"
#include "worker/trainer/evaluate_task.h"
#include "worker/trainer/progress_sink.h"
#include "worker/trainer/runtime.h"
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
Exit codes: 0 done, 70 failed, 74 a checkpoint could not be written, 75 stopped on request,
78 wrong job file, data or weights, 86 out of memory.
)";

void CheckNumerics(const Numerics& numerics) {
  if (numerics == ReferenceNumerics() || numerics == FastNumerics(/*gpu=*/false)) return;
  FailTask(FailureClass::kConfiguration,
           Format("this trainer computes with precision fp32 and fusion none or folded; the trial "
                  "asks for {} and {}",
                  numerics.precision, numerics.fusion));
}

void CheckRanks(int ranks) {
  if (ranks == 1) return;
  FailTask(
      FailureClass::kConfiguration,
      Format("the job asks for {} ranks, but this trainer works as one process; use one GPU or "
             "one rank in resources",
             ranks));
}

ProgressLine RunTask(const Job& job, ProgressSink& progress) {
  const Control control(job.control_pipe, job.lifeline_pipe);
  CheckNumerics(job.trial.numerics);
  CheckRanks(job.ranks);
  const at::Device device = SetUpRuntime(job);
  const Dataset data = OrFail(LoadDataset(job.data_root, job.trial.dataset));
  const Status made = CreateFolders(job.attempt_folder);
  if (!made) FailTask(FailureClass::kStorage, made.error().message);
  if (job.evaluation) return Evaluate(job, device, data, control, progress);
  return Train(job, device, data, control, progress);
}

TrainerExit Fail(const Failure& failure) {
  LogError("{}: {}", NameOf(failure.kind), failure.message);
  return ExitOf(failure.kind);
}

TrainerExit RunJob(const Job& job) {
  try {
    ProgressSink progress(job.progress_pipe);
    try {
      progress.Write(RunTask(job, progress));
      return TrainerExit::kDone;
    } catch (...) {
      const Failure failure = FailureInFlight();
      progress.Write(FailedLine{failure});
      return Fail(failure);
    }
  } catch (...) {
    return Fail(FailureInFlight());
  }
}

TrainerExit Main(const char* job_file) {
  // A reader that is gone is an error of write.
  signal(SIGPIPE, SIG_IGN);
  BlockStopSignals();
  const auto json = ReadJsonFile(job_file);
  const auto job = json.and_then([&](const Json& value) { return ParseJob(value); });
  if (!job) {
    return Fail({FailureClass::kConfiguration, Format("{}: {}", job_file, job.error().message)});
  }
  return RunJob(*job);
}

}  // namespace
}  // namespace archsweep

int main(int argc, char** argv) {
  using namespace archsweep;
  const std::string_view argument = argc == 2 ? argv[1] : "";
  if (argument == "--help") {
    std::fputs(kUsage, stdout);
    return 0;
  }
  if (argument == "--version") {
    std::printf("archsweep-trainer %s (%s), %s, %s\n", kVersion, kGitId, kCompiler, kLibraries);
    return 0;
  }
  if (argc != 2 || argument.starts_with("-")) {
    std::fputs(kUsage, stderr);
    return static_cast<int>(TrainerExit::kConfiguration);
  }
  return static_cast<int>(Main(argv[1]));
}
