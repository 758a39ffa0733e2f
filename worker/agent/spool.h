#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "base/id.h"
#include "base/unique_fd.h"
#include "sweep/attempt/exchange.h"

namespace archsweep {

inline constexpr const char* kSpoolName = "spool";             // In the attempt's folder.
inline constexpr int64_t kSpoolBytesMax = int64_t{256} << 20;  // Of one attempt; more is not kept.

// The lines of one attempt on the host's disk, so that an agent that takes over the work folder can
// tell them where this one could not. Step lines are left out, for they matter only while an
// attempt runs. Nothing is synced: after a power failure the attempt is made again.
class Spool {
 public:
  // The file is made in the attempt's folder with the first line. `worker` is the life of the agent
  // to which the attempt belongs.
  Spool(std::filesystem::path attempt_folder, WorkerId worker, Token token)
      : folder_(std::move(attempt_folder)), worker_(worker), token_(token) {}

  // `use`: of the attempt so far; kept with its final line. Where this fails, the line is only in
  // memory; a warning says so.
  void Append(const NumberedLine& line, const std::optional<ResourceUse>& use = std::nullopt);

  // The lines are of no more use; the file stays, empty.
  void Clear();

 private:
  bool Write(const std::string& text);

  std::filesystem::path folder_;
  WorkerId worker_;
  Token token_;
  UniqueFd file_;
  int64_t bytes_ = 0;
  bool failed_ = false;
};

// What a spool holds.
struct SpooledAttempt {
  WorkerId worker;
  ObservedAttempt observed;
};

// The spools of all attempts below a folder. What is torn or damaged ends its spool.
std::vector<SpooledAttempt> ReadSpools(const std::filesystem::path& attempts_folder);

void RemoveSpool(const std::filesystem::path& attempt_folder);

}  // namespace archsweep
