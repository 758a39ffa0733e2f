#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/cli/background_command.h"

namespace archsweep {

// A coordinator, an agent, or both: with it end the attempts in so many slots.
struct Controller {
  pid_t process = -1;
  int slots = 0;
};

// The programs that work on one sweep together, any of which may be killed at any time.
class SweepPrograms {
 public:
  virtual ~SweepPrograms() = default;

  // Starts whatever does not run and is needed.
  virtual void StartMissing() = 0;

  // That run now; trainers are their business.
  virtual std::vector<Controller> Controllers() = 0;

  // Trainers and whatever starts them.
  virtual std::vector<pid_t> Trainers() = 0;

  // Whether the sweep is done, or cannot be.
  virtual bool AreDone() = 0;

  // Asks those that would go on for ever to end; whether they did, and well.
  virtual bool Stop() = 0;

  // What they printed last.
  virtual std::string Output() const = 0;
};

// `archsweep run`: coordinator and agent are one process.
class RunProgram final : public SweepPrograms {
 public:
  RunProgram(std::vector<std::string> command, int slots, std::filesystem::path folder)
      : command_(std::move(command)), slots_(slots), folder_(std::move(folder)) {}

  void StartMissing() override;
  std::vector<Controller> Controllers() override;
  std::vector<pid_t> Trainers() override;
  bool AreDone() override;
  bool Stop() override { return true; }
  std::string Output() const override { return run_ ? run_->Output() : ""; }

 private:
  std::vector<std::string> command_;
  int slots_;
  std::filesystem::path folder_;  // With "state" in it; gets the output.
  std::unique_ptr<BackgroundCommand> run_;
};

// `archsweep coordinator`, two times `archsweep worker`, and `archsweep watch`, which tells when
// the sweep is done and is not killed.
class ClusterPrograms final : public SweepPrograms {
 public:
  // `folder` gets "state", "shared" and two work folders, and has "sweep.yaml".
  ClusterPrograms(std::filesystem::path folder, int slots_per_worker);

  void StartMissing() override;
  std::vector<Controller> Controllers() override;
  std::vector<pid_t> Trainers() override;
  bool AreDone() override;
  bool Stop() override;
  std::string Output() const override;

 private:
  struct Program {
    std::vector<std::string> command;
    std::filesystem::path output;
    int slots = 0;
    std::unique_ptr<BackgroundCommand> run;
  };

  static bool Runs(const Program& program);
  static void Start(Program& program);
  void Submit();

  std::filesystem::path folder_;
  std::vector<Program> controllers_;  // The coordinator is the first.
  Program watch_;
  bool submitted_ = false;
};

}  // namespace archsweep
