#include "tests/cli/sweep_programs.h"

#include <signal.h>

#include <algorithm>

#include "base/text.h"
#include "tests/cli/command.h"
#include "worker/agent/process_table.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kWorkers = 2;

std::string ProgramFile(const std::string& name) {
  return std::string(ARCHSWEEP_PROGRAM_DIR) + "/" + name;
}

std::vector<std::string> CoordinatorCommand(const fs::path& folder) {
  return {ProgramFile("archsweep"), "coordinator", "--state",    folder / "state", "--shared",
          folder / "shared",        "--listen",    "127.0.0.1:0"};
}

std::vector<std::string> WorkerCommand(const fs::path& folder, const fs::path& work, int slots) {
  return {ProgramFile("archsweep"),
          "worker",
          "--shared",
          folder / "shared",
          "--work",
          work,
          "--data-root",
          std::string(ARCHSWEEP_SOURCE_DIR) + "/examples/data",
          "--slots",
          std::to_string(slots),
          "--gpus",
          "0",
          "--grace",
          "5s",
          "--trainer",
          ProgramFile("archsweep-fake-trainer")};
}

fs::path WorkOf(const fs::path& folder, int worker) { return folder / Format("work-{}", worker); }

}  // namespace

void RunProgram::StartMissing() {
  if (run_ && (!run_->Wait(milliseconds(0)) || AreDone())) return;
  run_ = std::make_unique<BackgroundCommand>(command_, folder_ / "output");
}

std::vector<Controller> RunProgram::Controllers() {
  if (!run_ || run_->Wait(milliseconds(0))) return {};
  return {{run_->Pid(), slots_}};
}

std::vector<pid_t> RunProgram::Trainers() {
  return ProcessesOf(folder_ / "state" / "work" / "attempts");
}

bool RunProgram::AreDone() {
  if (!run_) return false;
  const auto exit_code = run_->Wait(milliseconds(0));
  return exit_code && *exit_code != 128 + SIGKILL;
}

ClusterPrograms::ClusterPrograms(fs::path folder, int slots_per_worker)
    : folder_(std::move(folder)) {
  controllers_.push_back({CoordinatorCommand(folder_), folder_ / "output-coordinator", 0, {}});
  for (int worker = 0; worker < kWorkers; ++worker) {
    controllers_.push_back({WorkerCommand(folder_, WorkOf(folder_, worker), slots_per_worker),
                            folder_ / Format("output-worker-{}", worker),
                            slots_per_worker,
                            {}});
  }
  watch_ = {{ProgramFile("archsweep"), "watch", "test", "--shared", folder_ / "shared"},
            folder_ / "output-watch",
            0,
            {}};
}

bool ClusterPrograms::Runs(const Program& program) {
  return program.run && !program.run->Wait(milliseconds(0));
}

void ClusterPrograms::Start(Program& program) {
  program.run = std::make_unique<BackgroundCommand>(program.command, program.output);
}

void ClusterPrograms::StartMissing() {
  for (Program& program : controllers_) {
    if (!Runs(program)) Start(program);
  }
  if (!submitted_) Submit();
  // It ends where the coordinator does.
  if (!Runs(watch_) && !AreDone()) Start(watch_);
}

void ClusterPrograms::Submit() {
  submitted_ = WaitUntil(
      [&] {
        return RunArchsweep({"submit", folder_ / "sweep.yaml", "--shared", folder_ / "shared"})
                   .exit_code == 0;
      },
      seconds(10));
}

std::vector<Controller> ClusterPrograms::Controllers() {
  std::vector<Controller> running;
  for (const Program& program : controllers_) {
    if (Runs(program)) running.push_back({program.run->Pid(), program.slots});
  }
  return running;
}

std::vector<pid_t> ClusterPrograms::Trainers() {
  std::vector<pid_t> trainers;
  for (int worker = 0; worker < kWorkers; ++worker) {
    std::ranges::copy(ProcessesOf(WorkOf(folder_, worker) / "attempts"),
                      std::back_inserter(trainers));
  }
  return trainers;
}

bool ClusterPrograms::AreDone() {
  const auto exit_code = watch_.run ? watch_.run->Wait(milliseconds(0)) : std::nullopt;
  constexpr int kTasksFailed = 3;
  return exit_code == 0 || exit_code == kTasksFailed;
}

bool ClusterPrograms::Stop() {
  bool well = true;
  // Workers first, so that they can tell the coordinator.
  for (size_t i = controllers_.size(); i-- > 0;) {
    if (!Runs(controllers_[i])) continue;
    controllers_[i].run->Signal(SIGTERM);
    well = controllers_[i].run->Wait(seconds(20)) == 0 && well;
  }
  return well;
}

std::string ClusterPrograms::Output() const {
  std::string output;
  for (const Program& program : controllers_) {
    if (!program.run) continue;
    output += Format("{}:\n{}\n", program.output.filename().string(), program.run->Output());
  }
  return output;
}

}  // namespace archsweep
