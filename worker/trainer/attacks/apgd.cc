#include "worker/trainer/attacks/apgd.h"

#include "base/check.h"
#include "worker/trainer/attacks/image_losses.h"

namespace archsweep {

ApgdAttack::ApgdAttack(AttackedNetwork& network, const AttackedBatch& batch,
                       const ApgdOptions& options)
    : network_(network), options_(options), tally_(batch), draws_(options.seed) {}

void ApgdAttack::Advance() {
  CHECK(!done_);
  if (!prepared_) {
    Prepare();
  } else if (run_ == nullptr) {
    StartRun();
  } else {
    run_->Advance();
    if (!run_->Done()) return;
    tally_.Add(run_rows_, run_->Outcome());
    run_.reset();
  }
}

void ApgdAttack::Prepare() {
  prepared_ = true;
  const AttackedBatch& batch = tally_.Batch();
  network_.CountForReference({.forward_only = batch.images.size(0)});
  if (options_.saves_passes) {
    if (IsTargeted()) clean_logits_ = network_.Logits(batch.images);
    return;
  }
  tally_.LeaveOut(AreRight(network_.Logits(batch.images), batch.labels).logical_not_());
}

void ApgdAttack::StartRun() {
  run_rows_ = tally_.StandingRows();
  const int runs = options_.restarts * (IsTargeted() ? options_.targets : 1);
  if (runs_ == runs || run_rows_.size(0) == 0) {
    done_ = true;
    return;
  }
  const AttackedBatch standing = tally_.Select(run_rows_);
  const at::Tensor targets = IsTargeted() ? Targets(standing) : at::Tensor();
  // All standing images share the draw, so that none of its values depends on what was saved.
  const at::Tensor draw = draws_.SymmetricLike(standing.images);
  run_ = std::make_unique<ApgdRun>(network_, standing, targets,
                                   ApgdStart(standing.images, draw, options_.epsilon),
                                   ApgdRun::Options{.epsilon = options_.epsilon,
                                                    .steps = options_.steps,
                                                    .loss = options_.loss,
                                                    .saves_passes = options_.saves_passes});
  ++runs_;
}

at::Tensor ApgdAttack::Targets(const AttackedBatch& standing) {
  network_.CountForReference({.forward_only = standing.images.size(0)});
  const int rank = runs_ / options_.restarts + 2;
  return RankedClasses(options_.saves_passes ? clean_logits_.index_select(0, run_rows_)
                                             : network_.Logits(standing.images),
                       rank);
}

}  // namespace archsweep
