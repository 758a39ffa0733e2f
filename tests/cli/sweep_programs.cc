#include "tests/cli/sweep_programs.h"

#include <signal.h>

namespace archsweep {
namespace {

using std::chrono::milliseconds;

}  // namespace

void RunProgram::StartMissing() {
  if (run_ && (!run_->Wait(milliseconds(0)) || AreDone())) return;
  run_ = std::make_unique<BackgroundCommand>(command_, output_);
}

std::vector<pid_t> RunProgram::Controllers() {
  if (!run_ || run_->Wait(milliseconds(0))) return {};
  return {run_->Pid()};
}

bool RunProgram::AreDone() {
  if (!run_) return false;
  const auto exit_code = run_->Wait(milliseconds(0));
  return exit_code && *exit_code != 128 + SIGKILL;
}

}  // namespace archsweep
