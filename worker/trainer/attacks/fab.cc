#include "worker/trainer/attacks/fab.h"

#include "base/check.h"
#include "worker/trainer/attacks/image_losses.h"

namespace archsweep {

FabAttack::FabAttack(AttackedNetwork& network, const AttackedBatch& batch,
                     const FabOptions& options)
    : network_(network), options_(options), tally_(batch), draws_(options.seed) {}

void FabAttack::Advance() {
  CHECK(!done_);
  if (!prepared_) {
    Prepare();
  } else if (run_ == nullptr) {
    StartRun();
  } else {
    run_->Advance();
    if (run_->Done()) FinishRun();
  }
}

void FabAttack::Prepare() {
  prepared_ = true;
  const AttackedBatch& batch = tally_.Batch();
  network_.CountForReference({.forward_only = batch.images.size(0)});
  const at::Tensor logits = network_.Logits(batch.images);
  if (options_.saves_passes) {
    clean_logits_ = logits;
  } else {
    tally_.LeaveOut(AreRight(logits, batch.labels).logical_not_());
  }
}

void FabAttack::StartRun() {
  run_rows_ = tally_.StandingRows();
  if (runs_ == options_.restarts * options_.targets || run_rows_.size(0) == 0) {
    done_ = true;
    return;
  }
  const at::Tensor logits = CleanLogits(tally_.Select(run_rows_));
  const at::Tensor targets = RankedClasses(logits, runs_ / options_.restarts + 2);
  const AttackedBatch standing = tally_.Select(run_rows_);
  run_ = std::make_unique<FabRun>(network_, standing, targets, Start(standing.images),
                                  FabRun::Options{.epsilon = options_.epsilon,
                                                  .steps = options_.steps,
                                                  .saves_passes = options_.saves_passes});
  ++runs_;
}

at::Tensor FabAttack::CleanLogits(const AttackedBatch& standing) {
  // Once for the predicted class, once for the target.
  network_.CountForReference({.forward_only = 2 * standing.images.size(0)});
  if (options_.saves_passes) return clean_logits_.index_select(0, run_rows_);
  network_.Logits(standing.images);
  return network_.Logits(standing.images);
}

at::Tensor FabAttack::Start(const at::Tensor& images) {
  if (runs_ % options_.restarts == 0) return images;
  const at::Tensor draw = draws_.SymmetricLike(images);
  const at::Tensor largest = draw.abs().amax({1, 2, 3}, /*keepdim=*/true);
  return draw.mul(options_.epsilon).div_(largest).mul_(0.5).add_(images).clamp_(0, 1);
}

void FabAttack::FinishRun() {
  network_.CountForReference({.forward_only = run_rows_.size(0)});
  AttackOutcome outcome = run_->Outcome();
  if (!options_.saves_passes) {
    // The verdict is on the nearest points, by another pass.
    outcome.images = run_->Nearest();
    const at::Tensor labels = tally_.Select(run_rows_).labels;
    outcome.broken = AreRight(network_.Logits(outcome.images), labels)
                         .logical_not_()
                         .logical_and_(run_->Distances() <= options_.epsilon);
  }
  tally_.Add(run_rows_, outcome);
  run_.reset();
}

}  // namespace archsweep
