#pragma once

#include <span>
#include <string>

#include "base/result.h"
#include "storage/store.h"

namespace archsweep {

// What an engine needs of the place where facts are made durable. Store says what each of these
// is; a failed Commit may or may not have taken effect, and nothing else may follow it.
class Journal {
 public:
  virtual ~Journal() = default;
  virtual Status Commit(std::span<const Change> changes) = 0;
  virtual Result<StoredState> Load() = 0;
  virtual Result<SweepIds> Wanted(const std::string& sweep_name) = 0;
  virtual Result<TrialSpec> ReadTrial(const TrialId& trial) = 0;
  virtual Result<EvaluationSpec> ReadEvaluation(const EvaluationId& evaluation) = 0;
  virtual Result<CheckpointRef> ReadWeights(const WeightsId& weights) = 0;
};

class StoreJournal final : public Journal {
 public:
  explicit StoreJournal(Store store) : store_(std::move(store)) {}
  Status Commit(std::span<const Change> changes) override { return store_.Commit(changes); }
  Result<StoredState> Load() override { return store_.Load(); }
  Result<SweepIds> Wanted(const std::string& name) override { return store_.Wanted(name); }
  Result<TrialSpec> ReadTrial(const TrialId& trial) override { return store_.ReadTrial(trial); }
  Result<EvaluationSpec> ReadEvaluation(const EvaluationId& evaluation) override {
    return store_.ReadEvaluation(evaluation);
  }
  Result<CheckpointRef> ReadWeights(const WeightsId& weights) override {
    return store_.ReadWeights(weights);
  }

 private:
  Store store_;
};

}  // namespace archsweep
