#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "storage/store.h"
#include "tests/base/temporary_folder.h"
#include "tests/storage/example.h"
#include "tests/storage/faults/fault_disk.h"

namespace archsweep {

// The life of a small sweep as a coordinator would write it: opened, submitted, every task
// assigned, started and ended in a transaction each, the log merged into the database now and then.
// Knows what was acknowledged.
class Script {
 public:
  explicit Script(std::filesystem::path folder);

  // Goes on from what the database holds with `tasks` more at most, in one life of the store. A
  // transaction for which the disk is too full is tried once more on the same store, after `disk`
  // was mended.
  Status Run(FaultDisk& disk, int tasks);

  // The same state in another folder.
  void MoveTo(std::filesystem::path folder) { folder_ = std::move(folder); }

  // What is wrong with the database, one sentence each: an acknowledged fact that is missing, or
  // anything that CheckIntegrity finds.
  std::vector<std::string> Problems() const;

  // Whether every task has its one result.
  bool IsComplete() const;

  static constexpr int kTasks = 9;

 private:
  Status Commit(Store& store, FaultDisk& disk, const Change& change);
  Status Execute(Store& store, FaultDisk& disk, const StoredTask& task, int64_t token);
  TrainingSucceeded Trained(int64_t token, const TrialId& trial) const;

  std::filesystem::path folder_;
  ExpandedSweep sweep_;
  TestClock clock_;
  std::string model_sha256_;
  std::vector<std::pair<std::string, int64_t>> acknowledged_;  // Kinds of events and tokens.
};

// The code of SQLite for a call that fails because of a broken disk.
int BrokenCode(DiskCall call);

// Runs the script on a disk with that fault, to its end after the disk was mended. Expects that
// nothing acknowledged is missing at any time, that errors name the file and the remedy, and that
// the end is the same as without faults.
void ExpectSurvives(const Fault& fault);

// The same where power is lost at the so many-th change.
void ExpectSurvivesPowerLoss(int number, uint64_t seed);

// How often the script without faults makes each call, in the order of kDiskCalls; and all changes.
struct CallCounts {
  std::vector<int> calls;
  int changes = 0;
};
CallCounts CountCalls();

}  // namespace archsweep
