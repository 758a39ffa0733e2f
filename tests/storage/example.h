#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/clock.h"
#include "storage/store.h"
#include "sweep/trial/sweep.h"

namespace archsweep {

// A clock that stands where a test puts it.
class TestClock final : public Clock {
 public:
  int64_t MonotonicMs() const override { return now_ms; }
  int64_t WallMs() const override { return now_ms; }

  int64_t now_ms = 1'000;
};

// `trials` networks that differ in seed, each with an evaluation per attack over `images` images.
ExpandedSweep ExampleSweep(int trials,
                           const std::vector<AttackKind>& attacks = {AttackKind::kPgd20},
                           int64_t images = 10);

WorkerJoined ExampleWorker();

// The facts of one attempt by ExampleWorker, in the order in which they happen.
AttemptAssigned Assign(int64_t token, const TaskId& task, int number = 1);
AttemptStarted Start(int64_t token);
EpochRecorded Epoch(int64_t token, int epoch, double seconds = 1);
TrainingSucceeded Train(int64_t token, const TrialId& trial, bool diverged = false,
                        const std::string& folder = "checkpoints/step-7");
// `correct` of `images` are right; the flags agree.
EvaluationSucceeded Evaluate(int64_t token, const EvaluationId& evaluation, int64_t correct,
                             int64_t images = 10);
AttemptFailed Break(int64_t token, const TaskId& task, AfterFailure next = AfterFailure::kQueued);

// A whole attempt that succeeded, in three facts.
std::vector<Change> WholeTraining(int64_t token, const TrialId& trial, bool diverged = false);
std::vector<Change> WholeEvaluation(int64_t token, const EvaluationId& evaluation, int64_t correct,
                                    int64_t images = 10);

// The rows that `sql` gives, one a line, as another process would see them.
std::string RowsOf(const std::filesystem::path& state_folder, const std::string& sql);

}  // namespace archsweep
