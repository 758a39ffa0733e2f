#include "worker/trainer/gradient_sum.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <numeric>

#include "worker/trainer/buckets.h"

namespace archsweep {
namespace {

constexpr int64_t kMebi = int64_t{1} << 20;

TEST(Buckets, BeginSmallWithTheLastParameters) {
  const std::vector<int64_t> elements = {10 * kMebi, kMebi, kMebi / 8, kMebi / 4, 7};
  const std::vector<Bucket> buckets = PlanBuckets(elements, 4);
  ASSERT_EQ(buckets.size(), 2u);
  EXPECT_EQ(buckets[0].parameters, (std::vector<size_t>{4, 3}));
  EXPECT_EQ(buckets[0].elements, kMebi / 4 + 7);
  EXPECT_EQ(buckets[1].parameters, (std::vector<size_t>{2, 1, 0}));
}

TEST(Buckets, HoldEveryParameterOnce) {
  std::vector<int64_t> elements(500);
  for (size_t i = 0; i < elements.size(); ++i) {
    elements[i] = static_cast<int64_t>(i * i % 1000'003 + 1);
  }
  std::vector<int> seen(elements.size());
  const std::vector<Bucket> buckets = PlanBuckets(elements, 8);
  EXPECT_GT(buckets.size(), 3u);
  for (const Bucket& bucket : buckets) {
    int64_t sum = 0;
    for (const size_t i : bucket.parameters) {
      ++seen[i];
      sum += elements[i];
    }
    EXPECT_EQ(bucket.elements, sum);
  }
  EXPECT_EQ(seen, std::vector<int>(elements.size(), 1));
}

// A gang of two that do the same: every sum is twice what this one gives. Notes what has come of
// the gradient of `late` whenever a sum begins.
class Twins final : public Collective {
 public:
  explicit Twins(at::Tensor late) : Collective({.rank = 0, .size = 2}), late_(std::move(late)) {}

  void Broadcast(const at::Tensor&, int) override {}
  std::unique_ptr<PendingSum> SumInPlace(const at::Tensor& flat) override {
    late_gradient_sums.push_back(late_.grad().abs().sum().item<double>());
    return std::make_unique<Doubled>(flat);
  }
  std::vector<std::string> AllGatherBytes(std::string_view mine) override {
    return {2, std::string(mine)};
  }
  int64_t Max(int64_t value) override { return value; }

  std::vector<double> late_gradient_sums;

 private:
  struct Doubled final : PendingSum {
    explicit Doubled(at::Tensor flat) : values(std::move(flat)) {}
    void Wait() override { values.mul_(2); }
    at::Tensor values;
  };

  const at::Tensor late_;
};

// A chain of square layers of over 1 MiB each.
struct Chain {
  Chain() {
    at::manual_seed(1);
    for (int i = 0; i < 4; ++i) {
      weights.push_back(at::randn({600, 600}).div_(25).requires_grad_(true));
    }
    input = at::randn({3, 600});
  }
  at::Tensor Loss() const {
    const c10::AutoGradMode with_gradients(true);
    at::Tensor x = input;
    for (const at::Tensor& weight : weights) x = at::tanh(at::matmul(x, weight));
    return x.square().sum();
  }
  std::vector<at::Tensor> weights;
  at::Tensor input;
};

TEST(GradientSum, BeginsToSumWhileBackwardGoesOn) {
  const Chain chain;
  Twins twins(chain.weights.front());
  GradientSum sum(chain.weights, 0, twins);
  sum.AddLast(chain.Loss(), at::empty(0));
  ASSERT_EQ(twins.late_gradient_sums.size(), 2u);
  EXPECT_EQ(twins.late_gradient_sums[0], 0) << "the first layer has no gradient yet";
  EXPECT_GT(twins.late_gradient_sums[1], 0);
}

TEST(GradientSum, SumsOnlyWithTheLastGroup) {
  const Chain chain;
  const std::vector<at::Tensor> one = torch::autograd::grad({chain.Loss()}, chain.weights);
  Twins twins(chain.weights.front());
  GradientSum sum(chain.weights, 1, twins);
  for (int step = 0; step < 2; ++step) {
    twins.late_gradient_sums.clear();
    sum.Say(3);
    sum.Add(chain.Loss());
    sum.Add(chain.Loss());
    EXPECT_TRUE(twins.late_gradient_sums.empty());
    sum.AddLast(chain.Loss(), at::full(1, 5.0f));
    EXPECT_EQ(twins.late_gradient_sums.size(), 2u);
    const auto [gradients, riders] = sum.Wait();
    for (size_t i = 0; i < one.size(); ++i) {
      EXPECT_TRUE(at::allclose((*gradients)[i], one[i] * 6, 1e-6));
    }
    EXPECT_EQ(riders.item<float>(), 10);
    EXPECT_EQ(sum.Hear(), 6) << "the twin says the same, where a rank would say nothing";
  }
}

TEST(GradientSum, LeavesNothingBehind) {
  const Chain chain;
  {
    Twins twins(chain.weights.front());
    GradientSum sum(chain.weights, 0, twins);
  }
  EXPECT_FALSE(chain.weights.front().grad().defined());
  torch::autograd::backward({chain.Loss()});
  EXPECT_TRUE(chain.weights.front().grad().defined());
}

TEST(GradientSum, OfOneProcessIsWhatAutogradGives) {
  const Chain chain;
  const auto single = SingleProcess();
  GradientSum sum(chain.weights, 1, *single);
  const at::Tensor riders = at::full(1, 5.0f);
  for (int groups = 1; groups <= 2; ++groups) {
    sum.Say(groups);
    if (groups == 2) sum.Add(chain.Loss());
    sum.AddLast(chain.Loss(), riders);
    const auto [gradients, travelled] = sum.Wait();
    const std::vector<at::Tensor> one = torch::autograd::grad({chain.Loss()}, chain.weights);
    for (size_t i = 0; i < one.size(); ++i) {
      EXPECT_TRUE(at::equal((*gradients)[i], groups == 1 ? one[i] : one[i] + one[i]));
    }
    EXPECT_TRUE(travelled.is_same(riders));
    EXPECT_EQ(sum.Hear(), groups);
    EXPECT_FALSE(chain.weights.front().grad().defined());
  }
}

}  // namespace
}  // namespace archsweep
