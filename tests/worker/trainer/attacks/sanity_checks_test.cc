#include "worker/trainer/attacks/sanity_checks.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/worker/trainer/attacks/small_network.h"
#include "worker/trainer/attacks/apgd.h"

namespace archsweep {
namespace {

TEST(SanityChecks, TellRandomOutputsFromFixedOnes) {
  at::manual_seed(3);
  const at::Tensor labels = at::randint(10, {50}, at::kLong);
  const at::Tensor logits = at::randn({50, 10});
  EXPECT_FALSE(LookRandom(std::vector<at::Tensor>{logits, logits + 1e-6, logits}, labels));
  // Only the direction counts, and how many are right.
  EXPECT_FALSE(LookRandom(std::vector<at::Tensor>{logits, 2 * logits}, labels));
  at::Tensor one_moved = logits.clone();
  one_moved[7][2] += 0.01;
  EXPECT_TRUE(LookRandom(std::vector<at::Tensor>{logits, logits, one_moved}, labels));
  at::Tensor tied = at::zeros({1, 2});
  const at::Tensor first = at::zeros({1}, at::kLong);
  at::Tensor other = tied.clone();
  other[0][1] = 1e-12;
  EXPECT_TRUE(LookRandom(std::vector<at::Tensor>{tied, other}, first));
}

TEST(SanityChecks, TellProbabilitiesFromLogits) {
  at::manual_seed(4);
  const at::Tensor logits = at::randn({50, 10});
  EXPECT_FALSE(LookLikeProbabilities(logits));
  EXPECT_TRUE(LookLikeProbabilities(at::softmax(logits, 1)));
  EXPECT_FALSE(LookLikeProbabilities(at::softmax(logits, 1) * 0.9));
}

AutoAttackState Finished(const std::vector<int64_t>& standing) {
  AutoAttackState state = NewAutoAttack(standing.front());
  state.stages.clear();
  int64_t before = standing.front();
  for (const int64_t after : standing) {
    state.stages.push_back({.attacked = before, .standing = after});
    before = after;
  }
  state.stage = static_cast<int64_t>(standing.size());
  return state;
}

TEST(SanityChecks, SayNothingAboutAnOrdinaryChain) {
  EXPECT_TRUE(SanityWarnings({}, 10, Finished({1000, 500, 480, 480, 478})).empty());
}

TEST(SanityChecks, WarnAboutEachFinding) {
  AutoAttackState state = Finished({1000, 500, 480, 480, 477});
  state.looks_random = true;
  state.looks_like_probabilities = true;
  state.stages[2].without_gradient = 4;
  const std::vector<std::string> warnings = SanityWarnings({}, 6, state);
  ASSERT_EQ(warnings.size(), 5U);
  EXPECT_NE(warnings[0].find("random"), std::string::npos);
  EXPECT_NE(warnings[1].find("probabilities"), std::string::npos);
  EXPECT_NE(warnings[2].find("9 targets"), std::string::npos);
  EXPECT_NE(warnings[3].find("at 4 images"), std::string::npos);
  EXPECT_NE(warnings[4].find("square broke 3 images"), std::string::npos);
}

TEST(SanityChecks, DoNotBlameSquareWhereItRanAlone) {
  EXPECT_TRUE(SanityWarnings({.parts = {AttackPart::kSquare}}, 10, Finished({1000, 300})).empty());
}

TEST(SanityChecks, CountImagesWithoutAGradient) {
  // With all weights 0 the logits are the same for every image.
  const Graph graph = BuildGraph({.depth = {1, 1, 1}, .width = {1, 1, 1}}, 32, 10);
  const Model flat = AllocateModel(graph, 1, at::kFloat);
  const Executor executor(graph, flat);
  AttackedNetwork network(executor);
  AttackedBatch batch = GoldenBatch();
  batch.images = batch.images.narrow(0, 0, 3);
  batch.labels = at::zeros({3}, at::kLong);
  ApgdOptions options;
  options.epsilon = kGoldenEpsilon;
  options.steps = 2;
  options.loss = ApgdLoss::kLogitRatio;
  ApgdAttack attack(network, batch, options);
  RunToEnd(attack);
  EXPECT_TRUE(attack.Outcome().without_gradient.all().item<bool>());
  EXPECT_FALSE(attack.Outcome().broken.any().item<bool>());
}

}  // namespace
}  // namespace archsweep
