#include "worker/trainer/attacks/square.h"

#include "base/check.h"
#include "worker/trainer/attacks/image_losses.h"

namespace archsweep {

void SquareAttack::Rows::Keep(const at::Tensor& kept) {
  for (at::Tensor* const rows : {&ids, &images, &labels, &point, &margin}) {
    *rows = rows->index_select(0, kept);
  }
}

SquareAttack::SquareAttack(AttackedNetwork& network, const AttackedBatch& batch,
                           const SquareOptions& options)
    : network_(network), options_(options), tally_(batch), draws_(options.seed) {
  CHECK(options.rows_of_draw == 0 || options.restarts == 1);
  CHECK(options.rows_of_draw == 0 || batch.images.size(0) % options.rows_of_draw == 0);
}

void SquareAttack::Advance() {
  CHECK(!done_);
  if (!prepared_) {
    Prepare();
  } else if (!running_) {
    StartRun();
  } else if (queries_ < options_.queries && rows_.ids.size(0) > 0) {
    Query();
  } else {
    FinishRun();
  }
}

void SquareAttack::Prepare() {
  prepared_ = true;
  const AttackedBatch& batch = tally_.Batch();
  network_.CountForReference({.forward_only = batch.images.size(0)});
  if (options_.saves_passes) return;
  tally_.LeaveOut(AreRight(network_.Logits(batch.images), batch.labels).logical_not_());
}

void SquareAttack::StartRun() {
  run_rows_ = tally_.StandingRows();
  const int64_t count = run_rows_.size(0);
  if (runs_ == options_.restarts || count == 0) {
    done_ = true;
    return;
  }
  const AttackedBatch standing = tally_.Select(run_rows_);
  const at::Tensor& images = standing.images;
  // Vertical stripes.
  const int64_t drawn = options_.rows_of_draw == 0 ? count : options_.rows_of_draw;
  const at::Tensor signs = draws_.Signs({drawn, images.size(1), 1, images.size(3)})
                               .repeat({count / drawn, 1, 1, 1})
                               .to(images.device());
  rows_ = {.ids = at::arange(count, run_rows_.options()),
           .images = images,
           .labels = standing.labels,
           .point = (images + options_.epsilon * signs).clamp_(0, 1),
           .margin = {}};
  network_.CountForReference({.forward_only = count});
  rows_.margin = Margins(network_.Logits(rows_.point), rows_.labels);
  outcome_ = {.images = rows_.point.clone(),
              .broken = rows_.margin <= 0,
              .margins = rows_.margin.clone(),
              .without_gradient = {}};
  queries_ = 0;
  running_ = true;
  ++runs_;
  LeaveBroken();
}

void SquareAttack::Query() {
  const at::IntArrayRef shape = rows_.point.sizes();
  window_ = DrawSquareWindow(draws_, queries_++, shape.slice(1));
  UseWindows();
  const auto cut = [&](const at::Tensor& images) {
    return images.narrow(2, window_.top, window_.side).narrow(3, window_.left, window_.side);
  };
  // Elsewhere the points are in the ball and in [0, 1] already.
  const at::Tensor here = cut(rows_.point);
  const at::Tensor images = cut(rows_.images);
  const at::Tensor change = (2 * options_.epsilon * window_.signs).to(here.device());
  const at::Tensor after =
      (here + change).clamp_(images - options_.epsilon, images + options_.epsilon).clamp_(0, 1);
  const at::Tensor before = here.clone();
  here.copy_(after);
  network_.CountForReference({.forward_only = rows_.ids.size(0)});
  const at::Tensor margin = Margins(LogitsOf(after), rows_.labels);
  const at::Tensor better = margin < rows_.margin;
  here.copy_(at::where(better.view({-1, 1, 1, 1}), after, before));
  if (windows_ != nullptr) windows_->Accept(better);
  rows_.margin = at::where(better, margin, rows_.margin);
  LeaveBroken();
}

void SquareAttack::UseWindows() {
  if (windows_ != nullptr || !options_.saves_passes || window_.side == refused_side_) return;
  refused_side_ = window_.side;
  windows_ = network_.Windows(rows_.ids.size(0), window_.side);
  if (windows_ == nullptr) return;
  network_.CountForward(rows_.ids.size(0));
  windows_->Begin(rows_.point);
}

at::Tensor SquareAttack::LogitsOf(const at::Tensor& pixels) {
  if (windows_ == nullptr) return network_.Logits(rows_.point);
  network_.CountForward(rows_.ids.size(0));
  return windows_->Logits(pixels, window_.top, window_.left);
}

void SquareAttack::LeaveBroken() {
  const at::Tensor broken = (rows_.margin <= 0).nonzero().squeeze(1);
  if (broken.size(0) == 0) return;
  const at::Tensor ids = rows_.ids.index_select(0, broken);
  outcome_.images.index_copy_(0, ids, rows_.point.index_select(0, broken));
  outcome_.margins.index_copy_(0, ids, rows_.margin.index_select(0, broken));
  outcome_.broken.index_fill_(0, ids, true);
  const at::Tensor kept = (rows_.margin > 0).nonzero().squeeze(1);
  rows_.Keep(kept);
  if (windows_ != nullptr) windows_->Keep(kept);
}

void SquareAttack::FinishRun() {
  outcome_.images.index_copy_(0, rows_.ids, rows_.point);
  outcome_.margins.index_copy_(0, rows_.ids, rows_.margin);
  network_.CountForReference({.forward_only = run_rows_.size(0)});
  if (!options_.saves_passes) {
    // The verdict is by another pass, which may be wrong also at a margin above 0, by rounding.
    const at::Tensor labels = tally_.Select(run_rows_).labels;
    outcome_.broken = AreRight(network_.Logits(outcome_.images), labels).logical_not_();
  }
  tally_.Add(run_rows_, outcome_);
  windows_.reset();
  refused_side_ = 0;
  running_ = false;
}

}  // namespace archsweep
