#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "sweep/attempt/job.h"
#include "sweep/attempt/progress.h"

namespace archsweep {

inline constexpr size_t kLogBytesMax = size_t{16} << 20;  // Above it a log is emptied.

// The agent's ends of an attempt's named pipes. All are opened before the trainer starts, so that
// neither side waits for the other. Closing `lifeline` ends the trainer.
struct AttemptPipes {
  UniqueFd progress;  // To be read, without waiting.
  UniqueFd control;   // To be written, without waiting.
  UniqueFd lifeline;
};

// The files of one attempt on this host.
class AttemptFolder {
 public:
  // Makes the folder with pipes and job.json; `job` gets their paths. What an attempt of another
  // database left there under the same token is removed.
  static Result<AttemptPipes> Prepare(const std::filesystem::path& folder, Job& job);

  explicit AttemptFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

  const std::filesystem::path& Path() const { return folder_; }
  std::filesystem::path Log() const { return folder_ / "log"; }

  // Makes `file` what Log() leads to, so that others can read it too. Where that is not possible,
  // the log stays here.
  void LogTo(const std::filesystem::path& file) const;

  // Adds a line of the agent to what the trainer printed.
  void NoteInLog(const std::string& text) const;

  // The last line of the log that says anything, readable and short; "" if there is none.
  std::string LastOutput() const;

  // Empties a log of more than kLogBytesMax.
  void BoundLog() const;

  // The content of the flags file, which must fit what the line says of it. The error names the
  // file.
  Result<std::string> ReadFlags(const EvaluatedLine& line) const;

  void Remove() const;

  // What is worth keeping of a failed attempt stays: all but the pipes and what mpirun left.
  void RemovePipes() const;

 private:
  std::filesystem::path folder_;
};

}  // namespace archsweep
