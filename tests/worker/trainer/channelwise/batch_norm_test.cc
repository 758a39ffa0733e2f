#include "worker/trainer/channelwise/batch_norm.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <tuple>
#include <utility>

#include "tests/worker/trainer/golden.h"
#include "worker/trainer/layer_operations.h"

namespace archsweep {
namespace {

constexpr double kMomentum = 0.3;

struct Shape4 {
  int64_t images, channels, height, width;
};

// Few and many channels, those that a run of 64 holds exactly and those that it does not, more
// than one block, a single pixel.
const Shape4 kShapes[] = {{2, 16, 8, 8},  {3, 16, 5, 7},    {2, 64, 6, 6},   {2, 10, 9, 4},
                          {2, 100, 4, 4}, {4, 128, 16, 16}, {5, 32, 40, 40}, {7, 3, 1, 1}};

// All that a norm computes.
struct Outcome {
  at::Tensor y, mean, variance;
  std::vector<at::Tensor> gradients;  // Of x, weight, bias.
};

class BatchNormOf : public testing::TestWithParam<std::tuple<Shape4, bool, at::ScalarType>> {
 protected:
  BatchNormOf() {
    at::manual_seed(7);
    const auto& [shape, relu, type] = GetParam();
    const auto random = [&](at::IntArrayRef sizes) { return at::randn(sizes, at::kDouble); };
    const std::vector<int64_t> sizes = {shape.images, shape.channels, shape.height, shape.width};
    x_ = (random(sizes) * 2 + 3).to(type).contiguous(at::MemoryFormat::ChannelsLast);
    cotangent_ = random(sizes).to(type);
    weight_ = random({shape.channels}).to(type);
    bias_ = random({shape.channels}).to(type);
    mean_ = random({shape.channels}).to(type);
    variance_ = random({shape.channels}).abs().to(type);
  }

  template <class Norm>
  Outcome Run(const Norm& norm) const {
    const at::Tensor x = x_.detach().requires_grad_(true);
    const at::Tensor weight = weight_.detach().requires_grad_(true);
    const at::Tensor bias = bias_.detach().requires_grad_(true);
    Outcome outcome = {.mean = mean_.clone(), .variance = variance_.clone()};
    const at::Tensor y = norm(x, weight, bias, outcome.mean, outcome.variance);
    outcome.y = y.detach();
    outcome.gradients = torch::autograd::grad({(y * cotangent_).sum()}, {x, weight, bias});
    return outcome;
  }

  Outcome RunOurs() const {
    return Run([](const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                  const at::Tensor& mean, const at::Tensor& variance) {
      return BatchNormOfBatch(x, weight, bias, {mean, variance, kMomentum},
                              std::get<bool>(GetParam()));
    });
  }

  at::Tensor x_, cotangent_, weight_, bias_, mean_, variance_;
};

INSTANTIATE_TEST_SUITE_P(BatchNorm, BatchNormOf,
                         testing::Combine(testing::ValuesIn(kShapes), testing::Bool(),
                                          testing::Values(at::kFloat, at::kDouble)));

TEST_P(BatchNormOf, EqualsNormAndReluOneAfterTheOther) {
  const Outcome expected =
      Run([](const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
             const at::Tensor& mean, const at::Tensor& variance) {
        const at::Tensor y = at::batch_norm(x, weight, bias, mean, variance, /*training=*/true,
                                            kMomentum, kNormEpsilon, /*cudnn_enabled=*/false);
        return std::get<bool>(GetParam()) ? at::relu(y) : y;
      });
  const Outcome found = RunOurs();
  const double bound = x_.scalar_type() == at::kDouble ? 1e-12 : 2e-5;
  EXPECT_LT(RelativeDifference(found.y, expected.y), bound);
  EXPECT_LT(RelativeDifference(found.mean, expected.mean), bound);
  EXPECT_LT(RelativeDifference(found.variance, expected.variance), bound);
  for (size_t i = 0; i < found.gradients.size(); ++i) {
    EXPECT_LT(RelativeL2(found.gradients[i], expected.gradients[i]), bound) << i;
  }
}

TEST_P(BatchNormOf, DoesNotDependOnTheNumberOfThreads) {
  const Outcome one = RunOurs();
  const int threads = at::get_num_threads();
  at::set_num_threads(3);
  const Outcome three = RunOurs();
  at::set_num_threads(threads);
  EXPECT_TRUE(three.y.equal(one.y));
  EXPECT_TRUE(three.variance.equal(one.variance));
  for (size_t i = 0; i < one.gradients.size(); ++i) {
    EXPECT_TRUE(three.gradients[i].equal(one.gradients[i])) << i;
  }
}

TEST(BatchNorm, StaysExactFarFromZero) {
  at::manual_seed(7);
  const at::Tensor x = (at::randn({4, 16, 32, 32}, at::kDouble) + 1000)
                           .to(at::kFloat)
                           .contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor ones = at::ones({16});
  const at::Tensor y = BatchNormOfBatch(x, ones, at::zeros({16}), {}, false);
  const at::Tensor wide = x.to(at::kDouble);
  const at::Tensor expected =
      at::batch_norm(wide, {}, {}, {}, {}, /*training=*/true, 0, kNormEpsilon, false);
  // The spacing of single precision at 1000 is 6e-5.
  EXPECT_LT((y - expected).abs().max().item<double>(), 2e-4);
}

TEST(BatchNorm, TakesValuesAndGradientsOfAnyLayout) {
  at::manual_seed(7);
  const at::Tensor weight = at::randn({8}), bias = at::randn({8});
  const auto outcome = [&](at::Tensor x, const at::Tensor& cotangent) {
    x = x.detach().requires_grad_(true);
    const at::Tensor y = BatchNormOfBatch(x, weight, bias, {}, true);
    return std::pair(y.detach(), torch::autograd::grad({y}, {x}, {cotangent}).front());
  };
  const at::Tensor wide = at::randn({3, 24, 6, 5}).contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor cotangent = at::randn({3, 24, 6, 5}).narrow(1, 16, 8);
  const at::Tensor slice = wide.narrow(1, 8, 8);
  const auto [y, gradient] = outcome(slice.contiguous(at::MemoryFormat::ChannelsLast), cotangent);
  for (const at::Tensor& x : {slice, slice.contiguous()}) {
    const auto [other_y, other_gradient] = outcome(x, cotangent.contiguous());
    EXPECT_TRUE(other_y.equal(y));
    EXPECT_TRUE(other_gradient.equal(gradient));
  }
  // Gradients of a sum are one number, seen everywhere.
  const at::Tensor one = at::ones({1, 1, 1, 1});
  EXPECT_TRUE(outcome(slice, one.expand({3, 8, 6, 5}))
                  .second.equal(outcome(slice, at::ones({3, 8, 6, 5})).second));
  EXPECT_EQ(one.item<float>(), 1);
}

TEST(BatchNorm, OverwritesNoGradientThatSomethingElseHolds) {
  at::manual_seed(7);
  const at::Tensor x =
      at::randn({2, 16, 4, 4}).contiguous(at::MemoryFormat::ChannelsLast).requires_grad_(true);
  const at::Tensor y = BatchNormOfBatch(x, at::ones({16}), at::zeros({16}), {}, true);
  const at::Tensor cotangent = at::randn_like(y);
  const at::Tensor kept = cotangent.clone();
  // y also goes elsewhere.
  torch::autograd::grad({(y + y * 2)}, {x}, {cotangent});
  EXPECT_TRUE(cotangent.equal(kept));
  torch::autograd::grad({BatchNormOfBatch(x, at::ones({16}), at::zeros({16}), {}, true)}, {x},
                        {cotangent});
  EXPECT_TRUE(cotangent.equal(kept));
}

TEST(BatchNorm, LeavesRunningStatisticsAloneWhereThereAreNone) {
  const at::Tensor x = at::rand({2, 8, 4, 4}).contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor y = BatchNormOfBatch(x, at::ones({8}), at::zeros({8}), {}, true);
  EXPECT_EQ(y.sizes(), x.sizes());
  EXPECT_GE(y.min().item<float>(), 0);
  EXPECT_FALSE(y.requires_grad());
}

}  // namespace
}  // namespace archsweep
