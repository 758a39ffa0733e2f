#include "worker/trainer/channelwise/scale_shift.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <tuple>

#include "tests/worker/trainer/golden.h"

namespace archsweep {
namespace {

// Channels, type, and whether the memory runs channel by channel, as the kernels need it.
class ScaleShiftOf : public testing::TestWithParam<std::tuple<int64_t, at::ScalarType, bool>> {
 protected:
  ScaleShiftOf() { at::manual_seed(11); }

  at::Tensor Random() const {
    const auto& [channels, type, channels_last] = GetParam();
    return at::randn({3, channels, 5, 7}, at::kDouble)
        .to(type)
        .contiguous(channels_last ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous);
  }
  at::Tensor RandomConstants() const {
    const auto& [channels, type, channels_last] = GetParam();
    return at::randn({channels}, at::kDouble).to(type);
  }

  const double bound_ = std::get<at::ScalarType>(GetParam()) == at::kDouble ? 1e-14 : 1e-6;
};

INSTANTIATE_TEST_SUITE_P(ScaleShift, ScaleShiftOf,
                         testing::Combine(testing::Values(1, 3, 16, 100, 300),
                                          testing::Values(at::kFloat, at::kDouble),
                                          testing::Bool()));

TEST_P(ScaleShiftOf, EqualsPlainOperations) {
  const at::Tensor x = Random();
  const at::Tensor scale = RandomConstants();
  const at::Tensor shift = RandomConstants();
  const at::Tensor expected = x * scale.view({1, -1, 1, 1}) + shift.view({1, -1, 1, 1});
  const ChannelConstants scales(scale), shifts(shift);
  EXPECT_LT(RelativeDifference(ScaleShift(x, scales, shifts, false), expected), bound_);
  EXPECT_LT(RelativeDifference(ScaleShift(x, scales, shifts, true), expected.relu()), bound_);
}

TEST_P(ScaleShiftOf, GoesBackLikePlainOperations) {
  const at::Tensor y = Random().relu_();
  const at::Tensor gradient = Random();
  const at::Tensor sum = Random();
  const ChannelConstants scale(RandomConstants());
  const at::Tensor alone = at::where(y > 0, gradient * scale.Spread(), 0.0);
  EXPECT_LT(RelativeDifference(ScaleShiftReluBackward(gradient, y, scale, {}), alone), bound_);
  EXPECT_LT(RelativeDifference(ScaleShiftReluBackward(gradient, y, scale, sum), alone + sum),
            bound_);
  // Tensors that something else holds stay as they were; others may be overwritten.
  const at::Tensor kept_gradient = gradient.clone();
  const at::Tensor kept_sum = sum.clone();
  ScaleShiftReluBackward(gradient, y, scale, sum);
  EXPECT_TRUE(gradient.equal(kept_gradient));
  EXPECT_TRUE(sum.equal(kept_sum));
  EXPECT_LT(RelativeDifference(ScaleShiftReluBackward(gradient.clone(), y, scale, sum.clone()),
                               alone + sum),
            bound_);
  EXPECT_LT(RelativeDifference(ScaleShiftReluBackward(gradient.clone(), y, scale, {}), alone),
            bound_);
}

TEST_P(ScaleShiftOf, KeepsWhatIsNotANumber) {
  at::Tensor x = Random();
  x[1][0][2][3] = std::numeric_limits<double>::quiet_NaN();
  const ChannelConstants scale(RandomConstants()), shift(RandomConstants());
  const at::Tensor y = ScaleShift(x, scale, shift, true);
  EXPECT_TRUE(std::isnan(y[1][0][2][3].item<double>()));
  EXPECT_EQ(y.isnan().sum().item<int64_t>(), 1);
}

}  // namespace
}  // namespace archsweep
