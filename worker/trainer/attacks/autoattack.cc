#include "worker/trainer/attacks/autoattack.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/check.h"
#include "worker/trainer/attacks/apgd.h"
#include "worker/trainer/attacks/fab.h"
#include "worker/trainer/attacks/image_losses.h"
#include "worker/trainer/attacks/sanity_checks.h"
#include "worker/trainer/attacks/square.h"

namespace archsweep {
namespace {

// A share of a round: first numbers of the whole round, then `kSlotFields` for each image.
enum RoundField {
  kDoneForwardOnly,
  kDoneWithGradient,
  kReferenceForwardOnly,
  kReferenceWithGradient,
  kLooksRandom,
  kLooksLikeProbabilities,
  kRoundFields,
};
enum SlotField { kBroken, kMargin, kWithoutGradient, kSlotFields };

int64_t Passes(const PassCounts& counts) { return counts.Forwards() + counts.Backwards(); }

at::Tensor IndexTensor(const int64_t* first, int64_t count, const at::Tensor& like) {
  return at::tensor(at::ArrayRef<int64_t>(first, static_cast<size_t>(count))).to(like.device());
}

}  // namespace

AutoAttack::AutoAttack(const Executor& network, const at::Tensor& images, const at::Tensor& labels,
                       int64_t classes, const AutoAttackSettings& settings,
                       const AttackShare& share, AutoAttackState state)
    : images_(images),
      labels_(labels),
      layout_(LayoutOf(network.Options().fusion)),
      classes_(classes),
      settings_(settings),
      share_(share),
      state_(std::move(state)),
      network_(network) {
  CHECK(Problems(settings, classes).empty());
  CHECK(state_.Images() == images.size(0) && images.size(0) == labels.size(0));
  CHECK(share.rank >= 0 && share.rank < share.ranks);
  if (!Finished()) BeginStage();
}

bool AutoAttack::Finished() const { return state_.stage == StageCount(); }

AttackPart AutoAttack::Part() const {
  CHECK(state_.stage >= 1);
  return settings_.parts[static_cast<size_t>(state_.stage) - 1];
}

void AutoAttack::BeginStage() {
  attacked_ = AttackedImages(state_);
  batches_of_rank_ = 1;
  if (settings_.saves_passes && settings_.restarts == 1 && state_.stage >= 1 &&
      (Part() == AttackPart::kFabT || Part() == AttackPart::kSquare)) {
    batches_of_rank_ = std::max<int64_t>(kMergedImagesMax / settings_.batch, 1);
  }
  BeginRound();
}

void AutoAttack::BeginRound() {
  network_.ClearLedger();
  round_share_ = at::zeros({kRoundFields + BatchesOfRound() * settings_.batch * kSlotFields},
                           at::TensorOptions().dtype(at::kDouble));
  const auto attacked = static_cast<int64_t>(attacked_.size());
  const int64_t first_batch = state_.batches_done + share_.rank * batches_of_rank_;
  const int64_t first = first_batch * settings_.batch;
  const int64_t end = std::min(attacked, first + batches_of_rank_ * settings_.batch);
  jobs_.clear();
  if (first >= end) return;
  // The last batch of a stage draws for a shape of its own.
  const int64_t whole = (end - first) / settings_.batch * settings_.batch;
  if (first + whole < end) jobs_.push_back({first + whole, end - first - whole});
  if (whole > 0) jobs_.push_back({first, whole});
}

bool AutoAttack::RoundIsDone() const { return jobs_.empty(); }

void AutoAttack::Advance() {
  CHECK(!Finished() && !RoundIsDone());
  if (attack_ == nullptr) {
    StartJob();
  } else if (!attack_->Done()) {
    attack_->Advance();
  } else {
    const AttackOutcome outcome = attack_->Outcome();
    attack_.reset();
    FinishJob(outcome);
  }
}

void AutoAttack::StartJob() {
  const Job& job = jobs_.back();
  const at::Tensor index = IndexTensor(attacked_.data() + job.first, job.count, images_);
  batch_ = {.images = images_.index_select(0, index).contiguous(layout_),
            .labels = labels_.index_select(0, index)};
  if (state_.stage > 0) {
    attack_ = MakeAttack(batch_, job.count > settings_.batch);
    return;
  }
  if (job.first == 0) CheckSanity(batch_);
  // The verdict is all there is to a clean pass.
  FinishJob({.images = batch_.images,
             .broken = at::ones_like(batch_.labels, at::TensorOptions().dtype(at::kBool)),
             .margins = at::full({job.count}, std::numeric_limits<double>::max(),
                                 batch_.images.options().dtype(at::kDouble)),
             .without_gradient = {}});
}

void AutoAttack::CheckSanity(const AttackedBatch& batch) {
  const int64_t passes = settings_.saves_passes ? 2 : kChecksOfReference;
  network_.CountForReference(PassCounts{.forward_only = batch.images.size(0)} * kChecksOfReference);
  std::vector<at::Tensor> logits;
  for (int64_t i = 0; i < passes; ++i) logits.push_back(network_.Logits(batch.images));
  double* const fields = round_share_.mutable_data_ptr<double>();
  fields[kLooksRandom] = LookRandom(logits, batch.labels) ? 1 : 0;
  fields[kLooksLikeProbabilities] = LookLikeProbabilities(logits.front()) ? 1 : 0;
}

std::unique_ptr<BatchAttack> AutoAttack::MakeAttack(const AttackedBatch& batch, bool is_merged) {
  const BatchAttackOptions base = {.epsilon = settings_.epsilon,
                                   .restarts = settings_.restarts,
                                   .seed = settings_.seed,
                                   .saves_passes = settings_.saves_passes};
  const int targets = TargetsOf(settings_, classes_);
  const auto apgd = [&](ApgdLoss loss) {
    return std::make_unique<ApgdAttack>(
        network_, batch,
        ApgdOptions{
            {base}, loss, settings_.steps, loss == ApgdLoss::kTargetedLogitRatio ? targets : 0});
  };
  switch (Part()) {
    case AttackPart::kApgdCe:
      return apgd(ApgdLoss::kCrossEntropy);
    case AttackPart::kApgdDlr:
      return apgd(ApgdLoss::kLogitRatio);
    case AttackPart::kApgdT:
      return apgd(ApgdLoss::kTargetedLogitRatio);
    case AttackPart::kFabT:
      return std::make_unique<FabAttack>(network_, batch,
                                         FabOptions{{base}, settings_.steps, targets});
    case AttackPart::kSquare:
      return std::make_unique<SquareAttack>(
          network_, batch,
          SquareOptions{{base}, settings_.queries, is_merged ? settings_.batch : 0});
  }
  CHECK(false);
}

void AutoAttack::FinishJob(const AttackOutcome& outcome) {
  const Job job = jobs_.back();
  jobs_.pop_back();
  network_.CountForReference({.forward_only = job.count});
  // An image that no attack has changed is one that the network is known to be right about.
  const at::Tensor rows = settings_.saves_passes ? outcome.broken.nonzero().squeeze(1)
                                                 : at::arange(job.count, batch_.labels.options());
  at::Tensor broken = at::zeros_like(outcome.broken);
  at::Tensor margins = outcome.margins.to(at::kDouble);
  if (rows.size(0) > 0) {
    const at::Tensor labels = batch_.labels.index_select(0, rows);
    const at::Tensor logits = network_.Logits(outcome.images.index_select(0, rows));
    const at::Tensor wrong = AreRight(logits, labels).logical_not_();
    broken.index_copy_(0, rows, wrong);
    const at::Tensor last = Margins(logits, labels).to(at::kDouble);
    const at::Tensor least = at::minimum(margins.index_select(0, rows), last);
    margins.index_copy_(0, rows, at::where(wrong, last, least));
  }
  const int64_t slot = job.first - state_.batches_done * settings_.batch;
  const at::Tensor slots = round_share_.narrow(0, kRoundFields, round_share_.size(0) - kRoundFields)
                               .view({-1, kSlotFields})
                               .narrow(0, slot, job.count);
  slots.select(1, kBroken).copy_(broken);
  slots.select(1, kMargin).copy_(margins);
  if (outcome.without_gradient.defined()) {
    slots.select(1, kWithoutGradient).copy_(outcome.without_gradient);
  }
}

const at::Tensor& AutoAttack::RoundShare() const {
  CHECK(RoundIsDone());
  const PassLedger& ledger = network_.Ledger();
  double* const fields = round_share_.mutable_data_ptr<double>();
  fields[kDoneForwardOnly] = static_cast<double>(ledger.done.forward_only);
  fields[kDoneWithGradient] = static_cast<double>(ledger.done.with_gradient);
  fields[kReferenceForwardOnly] = static_cast<double>(ledger.reference.forward_only);
  fields[kReferenceWithGradient] = static_cast<double>(ledger.reference.with_gradient);
  return round_share_;
}

void AutoAttack::Enter(int64_t image, const double* slot) {
  const auto i = static_cast<size_t>(image);
  const bool is_broken = slot[kBroken] != 0;
  if (is_broken) state_.broken_by[i] = state_.stage;
  state_.margins[i] = is_broken ? slot[kMargin] : std::min(state_.margins[i], slot[kMargin]);
  if (slot[kWithoutGradient] != 0) ++state_.stages.back().without_gradient;
  const bool is_doubtful = std::abs(state_.margins[i]) <= kDoubtfulMargin;
  const auto place = std::ranges::lower_bound(state_.doubtful, image);
  if (is_doubtful && (place == state_.doubtful.end() || *place != image)) {
    state_.doubtful.insert(place, image);
  }
}

void AutoAttack::FinishRound(const at::Tensor& sum_of_shares) {
  CHECK(!Finished() && RoundIsDone() && sum_of_shares.sizes() == round_share_.sizes());
  const double* const fields = sum_of_shares.const_data_ptr<double>();
  const auto count = [&](RoundField field) { return static_cast<int64_t>(fields[field]); };
  StageReport& report = state_.stages.back();
  report.passes += {.done = {count(kDoneForwardOnly), count(kDoneWithGradient)},
                    .reference = {count(kReferenceForwardOnly), count(kReferenceWithGradient)}};
  state_.looks_random |= count(kLooksRandom) != 0;
  state_.looks_like_probabilities |= count(kLooksLikeProbabilities) != 0;

  const auto attacked = static_cast<int64_t>(attacked_.size());
  const int64_t first = state_.batches_done * settings_.batch;
  const int64_t end = std::min(attacked, first + BatchesOfRound() * settings_.batch);
  for (int64_t i = first; i < end; ++i) {
    Enter(attacked_[static_cast<size_t>(i)], fields + kRoundFields + (i - first) * kSlotFields);
  }
  report.standing = state_.Standing();
  state_.batches_done = (end + settings_.batch - 1) / settings_.batch;
  if (end < attacked) {
    BeginRound();
    return;
  }
  state_.batches_done = 0;
  // With nothing left to attack the chain ends early.
  state_.stage = report.standing == 0 ? StageCount() : state_.stage + 1;
  if (Finished()) return;
  state_.stages.push_back({.attacked = report.standing, .standing = report.standing});
  BeginStage();
}

AttackProgress AutoAttack::Progress() const {
  AttackProgress progress;
  for (const StageReport& report : state_.stages) progress.done += Passes(report.passes.done);
  progress.bound = progress.done;
  if (Finished()) return progress;
  const auto judged = std::min<int64_t>(state_.batches_done * settings_.batch,
                                        static_cast<int64_t>(attacked_.size()));
  int64_t to_attack = static_cast<int64_t>(attacked_.size()) - judged;
  for (int64_t stage = state_.stage; stage < StageCount(); ++stage) {
    const int64_t each =
        stage == 0 ? 1
                   : Passes(PassesPerImage(settings_, classes_,
                                           settings_.parts[static_cast<size_t>(stage) - 1]));
    progress.bound += to_attack * each;
    to_attack = state_.Standing();
  }
  // The other ranks are taken to be as far as this one.
  progress.done += Passes(network_.Ledger().done) * share_.ranks;
  progress.bound = std::max(progress.bound, progress.done);
  return progress;
}

}  // namespace archsweep
