#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/cli/background_command.h"

namespace archsweep {

// The programs that work on one sweep together, any of which may be killed at any time.
class SweepPrograms {
 public:
  virtual ~SweepPrograms() = default;

  // Starts whatever does not run and is needed.
  virtual void StartMissing() = 0;

  // Coordinators and agents that run now; trainers are their business.
  virtual std::vector<pid_t> Controllers() = 0;

  // Whether they ended by themselves: the sweep is done, or cannot be.
  virtual bool AreDone() = 0;

  // What they printed last.
  virtual std::string Output() const = 0;
};

// `archsweep run`: coordinator and agent are one process.
class RunProgram final : public SweepPrograms {
 public:
  RunProgram(std::vector<std::string> command, std::filesystem::path output)
      : command_(std::move(command)), output_(std::move(output)) {}

  void StartMissing() override;
  std::vector<pid_t> Controllers() override;
  bool AreDone() override;
  std::string Output() const override { return run_ ? run_->Output() : ""; }

 private:
  std::vector<std::string> command_;
  std::filesystem::path output_;
  std::unique_ptr<BackgroundCommand> run_;
};

}  // namespace archsweep
