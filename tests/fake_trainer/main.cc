// Speaks the trainer's side of the contract of sweep/attempt/ without training anything.

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/sha256.h"
#include "base/text.h"
#include "sweep/attempt/exit_code.h"
#include "sweep/attempt/job.h"
#include "sweep/attempt/progress.h"
#include "sweep/attempt/rank_failure.h"
#include "tests/fake_trainer/mode.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

constexpr int kStepMs = 20;
constexpr int64_t kImages = 11;
constexpr const char* kFlagsName = "flags";
constexpr const char* kLeftName = "rank-0.left";
constexpr int kForeverMs = -1;
constexpr int64_t kBurnMs = 200;

class FakeTrainer {
 public:
  FakeTrainer(Job job, int rank, FakeBehaviour behaviour)
      : job_(std::move(job)), rank_(rank), behaviour_(behaviour) {
    if (behaviour_.mode == FakeMode::kStubborn) BeStubborn();
    // The agent may be gone before a pipe is opened, so that none of them may wait for it.
    lifeline_ = open(job_.lifeline_pipe.c_str(), O_RDONLY | O_NONBLOCK);
    CHECK(lifeline_ >= 0);
    if (rank_ > 0) return;
    control_ = open(job_.control_pipe.c_str(), O_RDONLY | O_NONBLOCK);
    progress_ = open(job_.progress_pipe.c_str(), O_WRONLY | O_NONBLOCK);
    if (progress_ < 0 && errno == ENXIO) _exit(Code(TrainerExit::kInternal));
    CHECK(progress_ >= 0 && control_ >= 0);
    CHECK(fcntl(progress_, F_SETFL, O_WRONLY) == 0);
  }

  int Run() {
    if (behaviour_.mode == FakeMode::kBurn) Burn();
    if (rank_ > 0) return Follow();
    const int code = Lead();
    if (job_.ranks > 1) std::ofstream(job_.attempt_folder / kLeftName) << code;
    return code;
  }

 private:
  int Lead() {
    switch (behaviour_.mode) {
      case FakeMode::kCrash:
        abort();
      case FakeMode::kHang:
        WaitForStop(kForeverMs);
        return Code(TrainerExit::kStopped);
      case FakeMode::kExit:
        std::puts("something is wrong here");
        return behaviour_.amount;
      default:
        break;
    }
    Write(ToText(StartedLine{"fake", "none", "none", job_.threads, ResumedStep()}));
    if (behaviour_.mode == FakeMode::kRankDies || behaviour_.mode == FakeMode::kRankFails) {
      WaitForStop(kForeverMs);
    }
    if (behaviour_.mode == FakeMode::kBurn) {
      WaitForStop(kForeverMs);
      return Code(TrainerExit::kStopped);
    }
    if (behaviour_.mode == FakeMode::kSteps && !DoSteps()) return Code(TrainerExit::kStopped);
    if (behaviour_.mode == FakeMode::kFlood) Flood();
    for (int i = 0; behaviour_.mode == FakeMode::kGarbage && i < behaviour_.amount; ++i) {
      Write(Format("garbage {}\n", i));
    }
    if (behaviour_.mode == FakeMode::kLongLine) Write(std::string(100'000, 'x') + "\n");
    if (behaviour_.mode == FakeMode::kGrandchild && fork() == 0) BeStubborn();
    if (behaviour_.mode == FakeMode::kFail) {
      Write(ToText(FailedLine{{FailureClass::kConfiguration, "no such data set"}}));
      return Code(TrainerExit::kConfiguration);
    }
    Write(job_.evaluation ? ToText(Evaluated()) : ToText(Trained()));
    if (behaviour_.mode == FakeMode::kLinger) BeStubborn();
    return Code(TrainerExit::kDone);
  }

  // What the other ranks do until rank 0 has left.
  int Follow() {
    if (rank_ == 1 && behaviour_.mode == FakeMode::kRankDies) raise(behaviour_.amount);
    if (rank_ == 1 && behaviour_.mode == FakeMode::kRankFails) {
      CHECK(WriteRankFailure(job_.attempt_folder,
                             {rank_, 1, {FailureClass::kOutOfMemory, "no memory for rank 1"}}));
      return Code(TrainerExit::kOutOfMemory);
    }
    while (!fs::exists(job_.attempt_folder / kLeftName)) {
      pollfd waiting = {lifeline_, POLLIN, 0};
      if (poll(&waiting, 1, kStepMs) > 0) _exit(Code(TrainerExit::kInternal));
    }
    return Code(TrainerExit::kDone);
  }

  static int Code(TrainerExit exit_code) { return static_cast<int>(exit_code); }

  void Write(std::string_view text) {
    while (!text.empty()) {
      const ssize_t count = write(progress_, text.data(), text.size());
      if (count <= 0) _exit(Code(TrainerExit::kInternal));
      text.remove_prefix(static_cast<size_t>(count));
    }
  }

  // True if asked to stop; leaves if the agent is gone.
  bool WaitForStop(int wait_ms) {
    char byte = 0;
    if (read(lifeline_, &byte, 1) == 0) _exit(Code(TrainerExit::kStopped));
    std::array<pollfd, 2> waiting = {{{control_, POLLIN, 0}, {lifeline_, POLLIN, 0}}};
    poll(waiting.data(), waiting.size(), wait_ms);
    if (waiting[1].revents != 0) _exit(Code(TrainerExit::kStopped));
    return waiting[0].revents != 0;
  }

  [[noreturn]] static void BeStubborn() {
    signal(SIGTERM, SIG_IGN);
    while (true) pause();
  }

  // What it fills stays until the end.
  void Burn() {
    filled_.assign(static_cast<size_t>(behaviour_.amount) << 20, 'x');
    const clock_t end = clock() + kBurnMs * CLOCKS_PER_SEC / 1000;
    while (clock() < end) continue;
  }

  int64_t ResumedStep() const {
    if (!job_.resume) return 0;
    const std::string name = job_.resume->folder.filename().string();
    return ParseInteger(name.substr(name.rfind('-') + 1)).value_or(-1);
  }

  // False if asked to stop on the way; a checkpoint is kept then.
  bool DoSteps() {
    for (int64_t step = ResumedStep() + 1; step <= behaviour_.amount; ++step) {
      if (WaitForStop(kStepMs)) {
        Write(ToText(WriteCheckpoint(step - 1)));
        return false;
      }
      Write(ToText(StepLine{step, behaviour_.amount, 1.0 / static_cast<double>(step), 100}));
    }
    return true;
  }

  void Flood() {
    const int64_t lines = int64_t{10'000} * behaviour_.amount;
    for (int64_t step = 1; step <= lines; ++step) {
      Write(ToText(StepLine{step, lines, 0.5, 100}));
      std::printf("line %ld of much output, which somebody has to keep somewhere\n", step);
    }
  }

  CheckpointLine WriteCheckpoint(int64_t step) const {
    const fs::path folder = job_.checkpoint_folder / Format("step-{}", step);
    fs::create_directories(folder);
    Json files = Json::object();
    std::vector<const char*> names = {"state.safetensors"};
    if (!job_.evaluation) names.push_back("model.safetensors");
    for (const char* name : names) {
      const std::string content =
          Format("{} after step {} of seed {}", name, step, job_.trial.seed);
      std::ofstream(folder / name) << content;
      files[name] = {{"sha256", Sha256Hex(content)}, {"bytes", content.size()}};
    }
    const Json manifest = {{"version", 1}, {"step", step}, {"files", files}};
    std::ofstream(folder / "manifest.json") << manifest.dump();
    const std::string model_sha256 =
        job_.evaluation ? "" : files.at("model.safetensors").at("sha256").get<std::string>();
    return {step, folder.string(), model_sha256};
  }

  TrainedLine Trained() const {
    const CheckpointLine last = WriteCheckpoint(behaviour_.amount);
    return {.steps = last.step,
            .diverged = false,
            .seconds = 0.1,
            .folder = last.folder,
            .model_sha256 = last.model_sha256};
  }

  EvaluatedLine Evaluated() const {
    std::string flags = {'\x05', '\x04'};
    if (behaviour_.mode == FakeMode::kBadFlags) flags.pop_back();
    if (behaviour_.mode != FakeMode::kNoFlags) {
      std::ofstream(job_.attempt_folder / kFlagsName) << flags;
    }
    EvaluatedLine line = {
        .images = kImages, .correct = 3, .loss = 1.25, .seconds = 0.1, .flags_file = kFlagsName};
    if (job_.evaluation->attack == AttackKind::kAutoAttack) AddEvidence(line);
    return line;
  }

  void AddEvidence(EvaluatedLine& line) const {
    constexpr const char* kName = "margins.safetensors";
    const std::string content = "margins of a fake";
    std::ofstream(job_.attempt_folder / kName) << content;
    line.warnings = {"a fake attack"};
    line.forward_images = 100;
    line.backward_images = 20;
    line.saved_images = 3;
    line.artifact = ArtifactRef{kName, Sha256Hex(content)};
  }

  Job job_;
  int rank_;
  FakeBehaviour behaviour_;
  std::vector<char> filled_;
  int progress_ = -1;
  int control_ = -1;
  int lifeline_ = -1;
};

// Adds the attempt's token to a file for a test that counts; one write, for others add too.
void RecordExecution(const Job& job, const std::string& file) {
  if (file.empty()) return;
  const std::string line = job.attempt_folder.filename().string() + "\n";
  const int fd = open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  CHECK(fd >= 0 && write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size()));
  close(fd);
}

std::string ValueOf(char** environment, std::string_view name) {
  for (; *environment; ++environment) {
    const std::string_view entry = *environment;
    if (entry.starts_with(name) && entry.substr(name.size()).starts_with('=')) {
      return std::string(entry.substr(name.size() + 1));
    }
  }
  return "";
}

}  // namespace
}  // namespace archsweep

int main(int argc, char** argv, char** environment) {
  using namespace archsweep;
  CHECK(argc == 2);
  const auto job = ReadJsonFile(argv[1]).and_then(ParseJob);
  if (!job) {
    std::fprintf(stderr, "%s\n", job.error().message.c_str());
    return static_cast<int>(TrainerExit::kConfiguration);
  }
  const FakeBehaviour behaviour =
      BehaviourOf(ValueOf(environment, "ARCHSWEEP_FAKE_MODE"), job->trial.seed);
  const auto rank = ParseInteger(ValueOf(environment, "OMPI_COMM_WORLD_RANK"));
  CHECK(job->ranks == 1 || rank.has_value());
  const int own_rank = job->ranks == 1 ? 0 : static_cast<int>(*rank);
  if (own_rank == 0) RecordExecution(*job, ValueOf(environment, "ARCHSWEEP_FAKE_RUNS"));
  return FakeTrainer(*job, own_rank, behaviour).Run();
}
