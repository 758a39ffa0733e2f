#include "worker/trainer/attacks/box_projection.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/worker/trainer/golden.h"

namespace archsweep {
namespace {

TEST(BoxProjection, IsThatOfTheReference) {
  const Golden golden("attacks/projection_linf");
  const at::Tensor& expected = golden["delta"];
  const at::Tensor sorted = ProjectBySorting(golden["points"], golden["w"], golden["b"]);
  EXPECT_LT((sorted - expected).abs().max().item<double>(), 1e-6);
  const at::Tensor newton = ProjectByNewton(golden["points"], golden["w"], golden["b"]);
  EXPECT_LT((newton - expected).abs().max().item<double>(), 1e-5);
}

// The length of the step by bisection in double precision, the step itself by what optimality
// demands: all coordinates go as far, but for those that meet their bound.
at::Tensor ByBisection(const at::Tensor& point, const at::Tensor& normal, double offset) {
  const at::Tensor w = normal.to(at::kDouble);
  const at::Tensor x = point.to(at::kDouble);
  const double excess = (w * x).sum().item<double>() - offset;
  const at::Tensor direction = (excess >= 0 ? -1 : 1) * w.sign();
  const at::Tensor room = at::where(direction < 0, x, 1 - x);
  const auto step = [&](double length) { return direction * room.clamp_max(length); };
  double low = 0;
  double high = 1;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    const bool reaches = (w * step(middle)).sum().abs().item<double>() >= std::abs(excess);
    (reaches ? high : low) = middle;
  }
  return step(high);
}

TEST(BoxProjection, SolvesTheProblemInRandomCases) {
  constexpr int64_t kRows = 200;
  constexpr int64_t kColumns = 37;
  const uint64_t seed = 20;
  RecordProperty("seed", static_cast<int>(seed));
  at::manual_seed(seed);
  at::Tensor points = at::rand({kRows, kColumns});
  points = at::where(at::rand_like(points) < 0.2, points.round(), points);
  at::Tensor normals = at::randn({kRows, kColumns});
  normals = at::where(at::rand_like(normals) < 0.1, at::zeros_like(normals), normals);
  const at::Tensor offsets = (normals * at::rand_like(points)).sum(1) + at::randn({kRows});
  const at::Tensor sorted = ProjectBySorting(points, normals, offsets);
  const at::Tensor newton = ProjectByNewton(points, normals, offsets);
  for (int64_t row = 0; row < kRows; ++row) {
    const at::Tensor expected = ByBisection(points[row], normals[row], offsets[row].item<double>());
    EXPECT_LT((sorted[row] - expected).abs().max().item<double>(), 1e-4) << row;
    EXPECT_LT((newton[row] - expected).abs().max().item<double>(), 1e-4) << row;
  }
  EXPECT_LT((sorted - newton).abs().max().item<double>(), 1e-5);
  // All rows at once, as on other devices.
  const at::Tensor together =
      ProjectByNewton(points.to(at::kDouble), normals.to(at::kDouble), offsets.to(at::kDouble));
  EXPECT_LT((together - newton).abs().max().item<double>(), 1e-5);
}

TEST(BoxProjection, StaysWhereNothingHasAWeightAndWhereItIsOnThePlane) {
  const at::Tensor points = at::full({3, 4}, 0.5);
  const at::Tensor normals =
      at::tensor({0.F, 0.F, 0.F, 0.F, 1.F, -1.F, 2.F, 0.F, 0.F, 0.F, 0.F, 0.F}).view({3, 4});
  const at::Tensor offsets = at::tensor({0.F, 1.F, 3.F});
  for (const auto project : {ProjectBySorting, ProjectByNewton}) {
    EXPECT_TRUE(project(points, normals, offsets).equal(at::zeros({3, 4})));
    const at::Tensor doubles =
        project(points.to(at::kDouble), normals.to(at::kDouble), offsets.to(at::kDouble));
    EXPECT_TRUE(doubles.equal(at::zeros({3, 4}, at::kDouble)));
  }
}

TEST(BoxProjection, GoesToTheNearestCornerWhereThePlaneMissesTheBox) {
  const at::Tensor points = at::tensor({0.25F, 0.5F, 0.75F}).view({1, 3});
  const at::Tensor normals = at::tensor({1.F, -2.F, 0.F}).view({1, 3});
  const at::Tensor expected = at::tensor({0.75F, -0.5F, 0.F}).view({1, 3});
  for (const auto project : {ProjectBySorting, ProjectByNewton}) {
    EXPECT_TRUE(project(points, normals, at::tensor({9.F})).equal(expected));
  }
}

}  // namespace
}  // namespace archsweep
