#pragma once

#include <memory>

#include "worker/trainer/attacks/apgd_run.h"
#include "worker/trainer/attacks/attack_tally.h"
#include "worker/trainer/attacks/reference_draws.h"

namespace archsweep {

struct ApgdOptions : BatchAttackOptions {
  ApgdLoss loss = ApgdLoss::kCrossEntropy;
  int steps = 100;
  // For the targeted loss: runs go to the classes of the 2nd, 3rd, ... largest clean logit, so many
  // of them; fewer than there are classes (asserted).
  int targets = 9;
};

// APGD on the cross-entropy, on the logit ratio, or on that towards one class after the other
// (reference, section 1.3). Each run takes the images that are still standing, from a start of its
// own; any wrong class is a success.
class ApgdAttack : public BatchAttack {
 public:
  // Keeps a reference to `network`.
  ApgdAttack(AttackedNetwork& network, const AttackedBatch& batch, const ApgdOptions& options);

  bool Done() const override { return done_; }
  void Advance() override;
  AttackOutcome Outcome() override { return tally_.Outcome(); }

  // The run that is under way, for tests; null between runs.
  const ApgdRun* Run() const { return run_.get(); }

 private:
  bool IsTargeted() const { return options_.loss == ApgdLoss::kTargetedLogitRatio; }
  void Prepare();
  void StartRun();
  at::Tensor Targets(const AttackedBatch& standing);

  AttackedNetwork& network_;
  const ApgdOptions options_;
  AttackTally tally_;
  ReferenceDraws draws_;
  at::Tensor clean_logits_;  // Of the batch, where passes are saved.
  at::Tensor run_rows_;
  std::unique_ptr<ApgdRun> run_;
  bool prepared_ = false;
  int runs_ = 0;
  bool done_ = false;
};

}  // namespace archsweep
