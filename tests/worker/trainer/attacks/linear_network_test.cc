// Attacks on networks that are linear in the pixels, where the worst image of the ball is known.

#include <gtest/gtest.h>

#include <utility>

#include "sweep/network/builder.h"
#include "tests/worker/trainer/attacks/small_network.h"
#include "worker/trainer/attacks/apgd.h"
#include "worker/trainer/attacks/autoattack.h"
#include "worker/trainer/attacks/box_projection.h"
#include "worker/trainer/attacks/fab.h"
#include "worker/trainer/attacks/image_losses.h"
#include "worker/trainer/attacks/square.h"

namespace archsweep {
namespace {

constexpr int kSide = 4;
constexpr int64_t kImages = 60;

Graph LinearGraph(int classes) {
  GraphBuilder builder(kSide);
  const NodeId all = builder.Convolve(builder.Image(), "classes", classes, {.kernel = kSide});
  builder.Own({all});
  const NodeId output = builder.PoolGlobally(all);
  return std::move(builder).Finish(output);
}

constexpr uint64_t kSeed = 77;

Model RandomModel(const Graph& graph) {
  at::manual_seed(kSeed);
  Model model = AllocateModel(graph, 1, at::kFloat);
  model.parameters.front().detach().normal_();
  return model;
}

class LinearNetwork : public testing::TestWithParam<int> {
 protected:
  LinearNetwork() {
    RecordProperty("seed", static_cast<int>(kSeed));
    batch_.images = at::rand({kImages, 3, kSide, kSide});
    batch_.labels = executor_.Evaluate(batch_.images, 0).argmax(1);
  }

  // For each image the smallest margin within the ball and [0, 1]: towards each other class every
  // pixel goes as far as it can the way its weight says.
  at::Tensor WorstMargins(double epsilon) const {
    const at::Tensor weights = model_.parameters.front().detach().flatten(1).to(at::kDouble);
    const at::Tensor images = batch_.images.flatten(1).to(at::kDouble);
    const at::Tensor down = images.clamp_max(epsilon);
    const at::Tensor up = (1 - images).clamp_max(epsilon);
    at::Tensor worst = at::full({kImages}, 1e9, at::kDouble);
    for (int64_t other = 0; other < weights.size(0); ++other) {
      const at::Tensor difference = weights.index_select(0, batch_.labels) - weights[other];
      const at::Tensor least = (difference * images).sum(1) -
                               (difference.clamp_min(0) * down).sum(1) +
                               (difference.clamp_max(0) * up).sum(1);
      worst = at::where(batch_.labels.ne(other), at::minimum(worst, least), worst);
    }
    return worst;
  }

  // A radius that about half of the images do not withstand.
  double MiddleRadius() const {
    double low = 0;
    double high = 1;
    for (int i = 0; i < 30; ++i) {
      const double middle = (low + high) / 2;
      const bool is_most = WorstMargins(middle).lt(0).sum().item<int64_t>() > kImages / 2;
      (is_most ? high : low) = middle;
    }
    // Away from where the verdict about an image turns.
    return low * 1.01;
  }

  void ExpectInBall(const AttackOutcome& outcome, double epsilon) const {
    EXPECT_GE(outcome.images.min().item<float>(), 0);
    EXPECT_LE(outcome.images.max().item<float>(), 1);
    EXPECT_LE((outcome.images - batch_.images).abs().max().item<double>(), epsilon + 1e-7);
    EXPECT_TRUE(AreRight(executor_.Evaluate(outcome.images, 0), batch_.labels)
                    .logical_not()
                    .equal(outcome.broken));
  }

  template <class Attack, class Options>
  AttackOutcome Run(Options options, double epsilon, bool saves_passes) const {
    options.epsilon = epsilon;
    options.saves_passes = saves_passes;
    AttackedNetwork network(executor_);
    Attack attack(network, batch_, options);
    RunToEnd(attack);
    return attack.Outcome();
  }

  const Graph graph_ = LinearGraph(GetParam());
  const Model model_ = RandomModel(graph_);
  const Executor executor_{graph_, model_};
  AttackedBatch batch_;
};

INSTANTIATE_TEST_SUITE_P(Attacks, LinearNetwork, testing::Values(2, 4, 10));

// With more classes another one than the target may be nearer.
class LinearNetworkOfTwoClasses : public LinearNetwork {};
INSTANTIATE_TEST_SUITE_P(Attacks, LinearNetworkOfTwoClasses, testing::Values(2));

TEST_P(LinearNetwork, IsBrokenByTargetedAttacksExactlyWhereItCanBe) {
  const double epsilon = MiddleRadius();
  const at::Tensor breakable = WorstMargins(epsilon) < 0;
  // FAB comes to the boundary in steps, so it may miss what only just can be broken.
  const at::Tensor clearly = WorstMargins(0.95 * epsilon) < 0;
  EXPECT_GT(clearly.sum().item<int64_t>(), kImages / 4);
  for (const bool saves_passes : {false, true}) {
    FabOptions fab;
    fab.targets = GetParam() - 1;
    const AttackOutcome by_fab = Run<FabAttack>(fab, epsilon, saves_passes);
    EXPECT_FALSE(by_fab.broken.logical_and(breakable.logical_not()).any().item<bool>());
    EXPECT_FALSE(clearly.logical_and(by_fab.broken.logical_not()).any().item<bool>());
    ExpectInBall(by_fab, epsilon);
    if (GetParam() < kClassesOfTargetedRatioMin) continue;
    ApgdOptions apgd;
    apgd.loss = ApgdLoss::kTargetedLogitRatio;
    apgd.targets = GetParam() - 1;
    const AttackOutcome by_apgd = Run<ApgdAttack>(apgd, epsilon, saves_passes);
    EXPECT_TRUE(by_apgd.broken.equal(breakable));
    ExpectInBall(by_apgd, epsilon);
  }
}

TEST_P(LinearNetwork, IsNotBrokenWhereItCannotBe) {
  const double epsilon = MiddleRadius();
  const at::Tensor margins = WorstMargins(epsilon);
  ApgdOptions apgd;
  SquareOptions square;
  square.queries = 300;
  for (const AttackOutcome& outcome :
       {Run<ApgdAttack>(apgd, epsilon, true), Run<SquareAttack>(square, epsilon, true)}) {
    EXPECT_TRUE((outcome.margins >= margins - 1e-4).all().item<bool>());
    EXPECT_GT(outcome.broken.sum().item<int64_t>(), 0);
    EXPECT_FALSE(outcome.broken.logical_and(margins > 0).any().item<bool>());
    ExpectInBall(outcome, epsilon);
  }
}

TEST_P(LinearNetworkOfTwoClasses, HasTheDistanceThatFabFinds) {
  const at::Tensor weights = model_.parameters.front().detach().flatten(1);
  const at::Tensor normals =
      (weights.index_select(0, batch_.labels) - weights.index_select(0, 1 - batch_.labels));
  const at::Tensor nearest =
      ProjectBySorting(batch_.images.flatten(1), normals, at::zeros({kImages}));
  const at::Tensor expected = nearest.abs().amax(1);
  AttackedNetwork network(executor_);
  FabRun run(network, batch_, 1 - batch_.labels, batch_.images,
             {.epsilon = 1, .steps = 100, .saves_passes = false});
  while (!run.Done()) run.Advance();
  // Where the boundary meets the box at all.
  const at::Tensor found = run.Distances() < FabRun::kNothingFound;
  EXPECT_GT(found.sum().item<int64_t>(), kImages / 2);
  const at::Tensor ratio = run.Distances().masked_select(found) / expected.masked_select(found);
  EXPECT_GE(ratio.min().item<double>(), 1 - 1e-4);
  EXPECT_LE(ratio.max().item<double>(), 1.02);
}

TEST_P(LinearNetwork, WithstandsLessInALargerBall) {
  ApgdOptions apgd;
  apgd.steps = 20;
  int64_t last = -1;
  for (const double epsilon : {0.0, 0.02, 0.05, 0.1, 0.3, 1.0}) {
    const int64_t broken = Run<ApgdAttack>(apgd, epsilon, true).broken.sum().item<int64_t>();
    EXPECT_GE(broken, last);
    if (epsilon == 0) {
      EXPECT_EQ(broken, 0);
    }
    last = broken;
  }
  EXPECT_GT(last, kImages / 2);
}

TEST_P(LinearNetwork, GivesFabTheSameVerdictsHoweverBatchesAreCut) {
  const double epsilon = MiddleRadius();
  FabOptions options;
  options.epsilon = epsilon;
  options.targets = GetParam() - 1;
  options.steps = 20;
  AttackedNetwork network(executor_);
  FabAttack whole(network, batch_, options);
  RunToEnd(whole);
  for (int64_t first = 0; first < kImages; first += 20) {
    FabAttack part(network,
                   {.images = batch_.images.narrow(0, first, 20),
                    .labels = batch_.labels.narrow(0, first, 20)},
                   options);
    RunToEnd(part);
    EXPECT_TRUE(part.Outcome().broken.equal(whole.Outcome().broken.narrow(0, first, 20)));
  }
}

}  // namespace
}  // namespace archsweep
