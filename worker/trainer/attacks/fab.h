#pragma once

#include <memory>

#include "worker/trainer/attacks/attack_tally.h"
#include "worker/trainer/attacks/fab_run.h"
#include "worker/trainer/attacks/reference_draws.h"

namespace archsweep {

struct FabOptions : BatchAttackOptions {
  int steps = 100;
  // Runs go to the classes of the 2nd, 3rd, ... largest clean logit, so many of them; fewer than
  // there are classes (asserted).
  int targets = 9;
};

// FAB towards one class after the other (reference, section 1.4), each run on the images that are
// still standing. The first run to a class begins at the images; only further ones draw.
class FabAttack : public BatchAttack {
 public:
  // Keeps a reference to `network`.
  FabAttack(AttackedNetwork& network, const AttackedBatch& batch, const FabOptions& options);

  bool Done() const override { return done_; }
  void Advance() override;
  AttackOutcome Outcome() override { return tally_.Outcome(); }

  // The run that is under way, for tests; null between runs.
  const FabRun* Run() const { return run_.get(); }

 private:
  void Prepare();
  void StartRun();
  void FinishRun();
  at::Tensor CleanLogits(const AttackedBatch& standing);
  at::Tensor Start(const at::Tensor& images);

  AttackedNetwork& network_;
  const FabOptions options_;
  AttackTally tally_;
  ReferenceDraws draws_;
  at::Tensor clean_logits_;  // Of the batch, where passes are saved.
  at::Tensor run_rows_;
  std::unique_ptr<FabRun> run_;
  bool prepared_ = false;
  int runs_ = 0;
  bool done_ = false;
};

}  // namespace archsweep
