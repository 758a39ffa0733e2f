#include "worker/trainer/attacks/fab_run.h"

#include <limits>

#include "base/check.h"
#include "worker/trainer/attacks/box_projection.h"
#include "worker/trainer/attacks/image_losses.h"

namespace archsweep {
namespace {

constexpr double kOriginalShareMax = 0.1;  // Of the projection of the original image.
constexpr double kOvershoot = 1.05;
constexpr double kWayBack = 0.9;  // Of the distance that is left after a success.
constexpr double kLengthMin = 1e-8;

// One row for each image, in the order of its memory.
at::Tensor Flat(const at::Tensor& images) {
  return images.is_contiguous() ? images.flatten(1) : images.permute({0, 2, 3, 1}).flatten(1);
}

// The way back, with the layout of `like`.
at::Tensor Unflat(const at::Tensor& rows, const at::Tensor& like) {
  if (like.is_contiguous()) return rows.view_as(like);
  return rows.view({like.size(0), like.size(2), like.size(3), like.size(1)}).permute({0, 3, 1, 2});
}

at::Tensor PerImage(const at::Tensor& values) { return values.view({-1, 1, 1, 1}); }

}  // namespace

void FabRun::Rows::Keep(const at::Tensor& kept) {
  for (at::Tensor* const rows :
       {&ids, &images, &labels, &targets, &point, &nearest, &distance, &difference, &wrong}) {
    *rows = rows->index_select(0, kept);
  }
}

FabRun::FabRun(AttackedNetwork& network, const AttackedBatch& batch, const at::Tensor& targets,
               const at::Tensor& start, const Options& options)
    : network_(network), options_(options) {
  const int64_t count = batch.images.size(0);
  CHECK(options.steps >= 1);
  rows_ = {.ids = at::arange(count, batch.labels.options()),
           .images = batch.images,
           .labels = batch.labels,
           .targets = targets,
           .point = start,
           .nearest = batch.images,
           .distance = at::full({count}, kNothingFound, batch.images.options()),
           .difference = {},
           .wrong = {}};
  outcome_ = {
      .images = batch.images.clone(),
      .broken = at::zeros({count}, batch.labels.options().dtype(at::kBool)),
      .margins = at::full({count}, std::numeric_limits<double>::infinity(), batch.images.options()),
      .without_gradient = {}};
  network_.CountForReference(PassCounts{.forward_only = count, .with_gradient = count} *
                             options.steps);
}

void FabRun::Advance() {
  CHECK(!Done());
  Move();
  Judge();
  ++steps_;
}

void FabRun::Move() {
  const PointGradient seen = network_.GradientAt(rows_.point, [&](const at::Tensor& logits) {
    return LogitDifferences(logits, rows_.labels, rows_.targets);
  });
  rows_.difference = seen.losses;
  const at::Tensor normals = Flat(seen.gradient);
  const at::Tensor points = Flat(rows_.point);
  const at::Tensor offsets = (normals * points).sum(1) - seen.losses;
  const auto project = options_.saves_passes ? ProjectByNewton : ProjectBySorting;
  const auto both = project(at::cat({points, Flat(rows_.images)}), at::cat({normals, normals}),
                            at::cat({offsets, offsets}))
                        .chunk(2);
  const auto length = [](const at::Tensor& step) {
    return PerImage(step.abs().amax(1).clamp_min_(kLengthMin));
  };
  const at::Tensor from_point = length(both[0]);
  const at::Tensor share =
      (from_point / (from_point + length(both[1]))).clamp_(0, kOriginalShareMax);
  const auto beyond = [&](const at::Tensor& from, const at::Tensor& step) {
    return Unflat(step, from).mul(kOvershoot).add_(from);
  };
  rows_.point = beyond(rows_.point, both[0])
                    .mul_(1 - share)
                    .add_(beyond(rows_.images, both[1]).mul_(share))
                    .clamp_(0, 1);
}

void FabRun::Judge() {
  const at::Tensor logits = network_.Logits(rows_.point);
  const at::Tensor margins = Margins(logits, rows_.labels);
  rows_.wrong = AreRight(logits, rows_.labels).logical_not_();
  const at::Tensor distance = (rows_.point - rows_.images).abs().amax({1, 2, 3});
  if (!options_.saves_passes) {
    const at::Tensor nearer = rows_.wrong.logical_and(distance < rows_.distance);
    rows_.nearest = at::where(PerImage(nearer), rows_.point, rows_.nearest);
    rows_.distance = at::where(nearer, distance, rows_.distance);
  }

  const at::Tensor in_ball = distance <= options_.epsilon;
  const at::Tensor seen = at::where(in_ball, margins, std::numeric_limits<double>::infinity());
  const at::Tensor least = at::minimum(outcome_.margins.index_select(0, rows_.ids), seen);
  outcome_.margins.index_copy_(0, rows_.ids, least);
  const at::Tensor broken = rows_.wrong.logical_and(in_ball).nonzero().squeeze(1);
  const at::Tensor ids = rows_.ids.index_select(0, broken);
  const at::Tensor& found = options_.saves_passes ? rows_.point : rows_.nearest;
  outcome_.images.index_copy_(0, ids, found.index_select(0, broken));
  outcome_.broken.index_fill_(0, ids, true);

  const at::Tensor back = (rows_.point - rows_.images).mul_(kWayBack).add_(rows_.images);
  rows_.point = at::where(PerImage(rows_.wrong), back, rows_.point);
  if (!options_.saves_passes || ids.size(0) == 0) return;
  rows_.Keep((least >= -kDoubtfulMargin).nonzero().squeeze(1));
}

}  // namespace archsweep
