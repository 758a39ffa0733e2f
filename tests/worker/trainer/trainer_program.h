#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "sweep/attempt/exit_code.h"
#include "sweep/attempt/job.h"
#include "sweep/attempt/progress.h"

namespace archsweep {

inline constexpr int kTrainerWaitMs = 50'000;  // For anything that a trainer of a test does.

// What a trainer left.
struct TrainerOutcome {
  int exit_code = -1;  // 128 + signal where one ended it.
  std::vector<ProgressLine> lines;
  std::string output;  // All of stdout.

  // The last line, which is of this type (asserted).
  template <class Line>
  const Line& Last() const {
    return std::get<Line>(lines.back());
  }

  template <class Line>
  std::vector<Line> All() const {
    std::vector<Line> found;
    for (const ProgressLine& line : lines) {
      if (const auto* typed = std::get_if<Line>(&line)) found.push_back(*typed);
    }
    return found;
  }
};

// A running archsweep-trainer whose stdout is read here. Ended by SIGKILL with the object.
class TrainerProgram {
 public:
  explicit TrainerProgram(const std::vector<std::string>& arguments);
  // Another command that ends in running trainers, such as mpirun; it begins with its path.
  struct Command {
    std::vector<std::string> words;
  };
  explicit TrainerProgram(Command command);
  // Writes the job to a file of its attempt folder, which it makes.
  explicit TrainerProgram(const Job& job);
  ~TrainerProgram();
  TrainerProgram(const TrainerProgram&) = delete;
  TrainerProgram& operator=(const TrainerProgram&) = delete;

  pid_t Pid() const { return pid_; }

  // Reads until a progress line of stdout is of the type; false if it ends before, or too late.
  template <class Line>
  bool WaitFor() {
    return ReadUntil([](const ProgressLine& line) { return std::holds_alternative<Line>(line); });
  }

  // Reads to the end of stdout and waits for the end of the process.
  TrainerOutcome Wait();

 private:
  bool ReadUntil(const std::function<bool(const ProgressLine&)>& found);

  pid_t pid_ = -1;
  UniqueFd stdout_;
  TrainerOutcome outcome_;
  std::string unfinished_;  // Line.
};

inline TrainerOutcome RunTrainer(const Job& job) { return TrainerProgram(job).Wait(); }

}  // namespace archsweep
