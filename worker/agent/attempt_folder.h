#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "sweep/attempt/job.h"
#include "sweep/attempt/progress.h"
#include "worker/agent/spares.h"

namespace archsweep {

inline constexpr size_t kLogBytesMax = size_t{16} << 20;  // Above it a log is emptied.

// The agent's ends of an attempt's pipes, which the trainer opens by their names under /proc.
// Closing `lifeline` ends the trainer.
struct AttemptPipes {
  UniqueFd progress;  // To be read, without waiting.
  UniqueFd control;   // To be written, without waiting.
  UniqueFd lifeline;
};

struct PreparedAttempt;

// The files of one attempt on this host.
class AttemptFolder {
 public:
  // Makes the folder with job.json, and pipes, whose paths `job` gets. What an attempt of another
  // database left there under the same token is removed. The output goes to `shared_log`, where
  // others can read it too, or into the folder, if that is not possible.
  static Result<PreparedAttempt> Prepare(const std::filesystem::path& folder,
                                         const std::filesystem::path& shared_log,
                                         AttemptSpares& spares, Job job);

  AttemptFolder(std::filesystem::path folder, std::filesystem::path log)
      : folder_(std::move(folder)), log_(std::move(log)) {}

  const std::filesystem::path& Path() const { return folder_; }
  const std::filesystem::path& Log() const { return log_; }

  // Adds a line of the agent to what the trainer printed.
  void NoteInLog(const std::string& text) const;

  // The last line of the log that says anything, readable and short; "" if there is none.
  std::string LastOutput() const;

  // Empties a log of more than kLogBytesMax.
  void BoundLog() const;

  // The content of the flags file, which must fit what the line says of it. The error names the
  // file.
  Result<std::string> ReadFlags(const EvaluatedLine& line) const;

  // After success: the folder is for another attempt, with what trainers left empty.
  void HandOn(Spares& folders) const;

  // What is worth keeping of a failed attempt stays: all but what mpirun left.
  void RemoveSessions() const;

 private:
  std::filesystem::path folder_;
  std::filesystem::path log_;
};

struct PreparedAttempt {
  AttemptFolder files;
  AttemptPipes pipes;
  Job job;
};

}  // namespace archsweep
