#include "worker/trainer/attacks/apgd_run.h"

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "worker/trainer/attacks/image_losses.h"

namespace archsweep {
namespace {

constexpr double kFirstStep = 2;            // In epsilon.
constexpr double kOwnShare = 0.75;          // Of a step; the rest of it repeats the one before.
constexpr double kIncreaseShareMin = 0.75;  // Of the steps of a window, to keep the step size.

at::Tensor PerImage(const at::Tensor& values) { return values.view({-1, 1, 1, 1}); }

}  // namespace

std::vector<ApgdCheck> ApgdChecks(int steps) {
  const auto share = [&](double of_steps) {
    return std::max(static_cast<int>(of_steps * steps), 1);
  };
  const int window_min = share(0.06);
  const int decrease = share(0.03);
  std::vector<ApgdCheck> checks;
  int window = share(0.22);
  for (int after = window; after <= steps; after += window) {
    checks.push_back({after, window});
    window = std::max(window - decrease, window_min);
  }
  return checks;
}

at::Tensor ApgdStart(const at::Tensor& images, const at::Tensor& draw, double epsilon) {
  const at::Tensor largest = draw.abs().amax({1, 2, 3}, /*keepdim=*/true) + 1e-12;
  return draw.div(largest).mul_(epsilon).add_(images).clamp_(0, 1);
}

void ApgdRun::Rows::Keep(const at::Tensor& kept) {
  for (at::Tensor* const rows :
       {&ids, &low, &high, &labels, &targets, &point, &previous, &gradient, &best, &best_gradient,
        &best_loss, &best_loss_at_check, &loss, &increases, &step, &reduced}) {
    if (rows->defined()) *rows = rows->index_select(0, kept);
  }
}

ApgdRun::ApgdRun(AttackedNetwork& network, const AttackedBatch& batch, const at::Tensor& targets,
                 const at::Tensor& start, const Options& options)
    : network_(network), options_(options), checks_(ApgdChecks(options.steps)) {
  const int64_t count = batch.images.size(0);
  CHECK(options.steps >= 1);
  CHECK((options.loss == ApgdLoss::kTargetedLogitRatio) == targets.defined());
  rows_.ids = at::arange(count, batch.labels.options());
  rows_.low = (batch.images - options.epsilon).clamp_min_(0);
  rows_.high = (batch.images + options.epsilon).clamp_max_(1);
  rows_.labels = batch.labels;
  rows_.targets = targets;
  rows_.point = start;
  outcome_.images = start.clone();
  outcome_.broken = at::zeros({count}, batch.labels.options().dtype(at::kBool));
  outcome_.margins =
      at::full({count}, std::numeric_limits<double>::infinity(), batch.images.options());
  network_.CountForReference({.with_gradient = count * (options.steps + 1)});
}

at::Tensor ApgdRun::Losses(const at::Tensor& logits) const {
  switch (options_.loss) {
    case ApgdLoss::kCrossEntropy:
      return CrossEntropies(logits, rows_.labels);
    case ApgdLoss::kLogitRatio:
      return LogitRatios(logits, rows_.labels);
    case ApgdLoss::kTargetedLogitRatio:
      return TargetedLogitRatios(logits, rows_.labels, rows_.targets);
  }
  CHECK(false);
}

void ApgdRun::Advance() {
  CHECK(!Done());
  if (passes_ > 0) Move();
  PointGradient seen;
  if (passes_ < options_.steps || !options_.saves_passes) {
    seen = network_.GradientAt(rows_.point, [&](const at::Tensor& z) { return Losses(z); });
  } else {
    seen.logits = network_.Logits(rows_.point);
    seen.losses = Losses(seen.logits);
  }
  Judge(seen.logits);
  if (passes_ == 0) {
    Begin(seen);
  } else {
    Compare(seen);
  }
  ++passes_;
  if (options_.saves_passes) LeaveBroken();
}

void ApgdRun::Move() {
  const double own = passes_ == 1 ? 1 : kOwnShare;
  at::Tensor next = at::sign(rows_.gradient);
  next.mul_(rows_.step).add_(rows_.point).clamp_(rows_.low, rows_.high);
  next.sub_(rows_.point).mul_(own).add_(rows_.point);
  next.add_((rows_.point - rows_.previous).mul_(1 - own)).clamp_(rows_.low, rows_.high);
  rows_.previous = rows_.point;
  rows_.point = next;
}

void ApgdRun::Judge(const at::Tensor& logits) {
  const at::Tensor margins = Margins(logits, rows_.labels);
  outcome_.margins.index_copy_(0, rows_.ids,
                               at::minimum(outcome_.margins.index_select(0, rows_.ids), margins));
  const at::Tensor wrong = AreRight(logits, rows_.labels).logical_not_().nonzero().squeeze(1);
  const at::Tensor ids = rows_.ids.index_select(0, wrong);
  outcome_.images.index_copy_(0, ids, rows_.point.index_select(0, wrong));
  outcome_.broken.index_fill_(0, ids, true);
}

void ApgdRun::Begin(const PointGradient& seen) {
  rows_.gradient = seen.gradient;
  rows_.previous = rows_.point;
  rows_.best = rows_.point;
  rows_.best_gradient = seen.gradient;
  rows_.best_loss = seen.losses;
  rows_.best_loss_at_check = seen.losses;
  // The reference compares the first step with 0 instead of the loss at the start.
  rows_.loss = at::zeros_like(seen.losses);
  rows_.increases = at::zeros_like(seen.losses);
  rows_.step = PerImage(at::full_like(seen.losses, kFirstStep * options_.epsilon));
  rows_.reduced = at::ones_like(outcome_.broken);
  if (options_.loss != ApgdLoss::kCrossEntropy) {
    outcome_.without_gradient = seen.gradient.abs().sum({1, 2, 3}).eq(0);
  }
}

void ApgdRun::Compare(const PointGradient& seen) {
  const at::Tensor better = seen.losses > rows_.best_loss;
  rows_.best = at::where(PerImage(better), rows_.point, rows_.best);
  if (seen.gradient.defined()) {
    rows_.gradient = seen.gradient;
    rows_.best_gradient = at::where(PerImage(better), seen.gradient, rows_.best_gradient);
  }
  rows_.best_loss = at::where(better, seen.losses, rows_.best_loss);
  rows_.increases += seen.losses > rows_.loss;
  rows_.loss = seen.losses;
  if (next_check_ < checks_.size() && passes_ == checks_[next_check_].after) {
    HalveSteps(checks_[next_check_++].window);
  }
}

void ApgdRun::HalveSteps(int window) {
  const at::Tensor is_stuck = rows_.best_loss_at_check >= rows_.best_loss;
  const at::Tensor halve = (rows_.increases <= kIncreaseShareMin * window)
                               .logical_or_(rows_.reduced.logical_not().logical_and_(is_stuck));
  rows_.step = at::where(PerImage(halve), rows_.step / 2, rows_.step);
  rows_.point = at::where(PerImage(halve), rows_.best, rows_.point);
  rows_.gradient = at::where(PerImage(halve), rows_.best_gradient, rows_.gradient);
  rows_.reduced = halve;
  rows_.best_loss_at_check = rows_.best_loss;
  rows_.increases = at::zeros_like(rows_.increases);
}

void ApgdRun::LeaveBroken() {
  const at::Tensor margins = outcome_.margins.index_select(0, rows_.ids);
  const at::Tensor kept = (margins >= -kDoubtfulMargin).nonzero().squeeze(1);
  if (kept.size(0) < rows_.ids.size(0)) rows_.Keep(kept);
}

}  // namespace archsweep
