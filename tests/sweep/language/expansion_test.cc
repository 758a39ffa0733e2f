#include "sweep/language/expansion.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "base/text.h"

namespace archsweep {
namespace {

// A sweep file around `grid` and `evaluations`.
std::string FileWith(const std::string& grid, const std::string& evaluations = "[clean]") {
  return R"(name: test
base:
  dataset: cifar10-quickstart
  architecture: {width: [1, 1, 1], depth: 1}
  training: {recipe: bat, epochs: 2}
grid: )" +
         grid + "\nevaluations: " + evaluations + "\n";
}

ExpandedSweep Expand(const std::string& text) {
  auto sweep = ExpandSweep("test.yaml", text);
  EXPECT_TRUE(sweep) << sweep.error().message;
  return sweep ? *std::move(sweep) : ExpandedSweep{};
}

std::vector<std::string> DepthsOf(const ExpandedSweep& sweep) {
  std::vector<std::string> depths;
  for (const SweepTrial& trial : sweep.trials) {
    const auto& depth = trial.spec.architecture.depth;
    depths.push_back(Format("{}{}{}", depth[0], depth[1], depth[2]));
  }
  return depths;
}

TEST(Expansion, OfAFileWithoutAGridIsOnePoint) {
  const ExpandedSweep sweep = Expand(FileWith("{}"));
  EXPECT_EQ(sweep.name, "test");
  ASSERT_EQ(sweep.trials.size(), 1u);
  const TrialSpec& spec = sweep.trials[0].spec;
  EXPECT_EQ(spec.dataset.name, "cifar10-quickstart");
  EXPECT_EQ(spec.dataset.digest.size(), 64u);
  EXPECT_EQ(spec.architecture.depth, (PerStage<int>{1, 1, 1}));
  EXPECT_EQ(spec.training.epochs, 2);
  EXPECT_EQ(spec.training.beta, 6.0);
  EXPECT_EQ(spec.seed, 0u);
  EXPECT_EQ(sweep.trials[0].id, IdOf(spec));
  EXPECT_EQ(sweep.trials[0].parameters, 77'850);
  EXPECT_EQ(sweep.resources.gpus, 0);
}

TEST(Expansion, KeepsTheTextAsItWasRead) {
  const std::string text = FileWith("{seed: [1, 2]}") + "# a comment\n";
  EXPECT_EQ(Expand(text).text, text);
}

TEST(Expansion, ChangesTheLastAxisAndTheLastStageFastest) {
  const ExpandedSweep sweep =
      Expand(FileWith("{architecture.depth: {per_stage: [1, 2]}, seed: [7, 8]}"));
  EXPECT_EQ(DepthsOf(sweep),
            (std::vector<std::string>{"111", "111", "112", "112", "121", "121", "122", "122",  //
                                      "211", "211", "212", "212", "221", "221", "222", "222"}));
  for (size_t i = 0; i < sweep.trials.size(); ++i) {
    EXPECT_EQ(sweep.trials[i].spec.seed, 7 + i % 2);
  }
}

TEST(Expansion, IsTheSameEveryTime) {
  const std::string text =
      FileWith("{architecture.width: {per_stage: [1, 2]}, training.beta: [1, 6]}", "[clean, fgsm]");
  const ExpandedSweep once = Expand(text);
  const ExpandedSweep again = Expand(text);
  ASSERT_EQ(once.trials.size(), again.trials.size());
  for (size_t i = 0; i < once.trials.size(); ++i) {
    EXPECT_EQ(once.trials[i].id, again.trials[i].id);
  }
  EXPECT_EQ(once.evaluations, again.evaluations);
}

TEST(Expansion, KeepsEqualPointsOnce) {
  const ExpandedSweep sweep =
      Expand(FileWith("{architecture.depth: [2, [2, 2, 2], 1, 2], seed: [3, 3]}"));
  EXPECT_EQ(DepthsOf(sweep), (std::vector<std::string>{"222", "111"}));
}

TEST(Expansion, TakesStagesAsOneNumberOrThree) {
  EXPECT_EQ(DepthsOf(Expand(FileWith("{architecture.depth: [3, [1, 2, 3]]}"))),
            (std::vector<std::string>{"333", "123"}));
}

TEST(Expansion, CanVaryEveryField) {
  const std::vector<std::string> axes = {
      "dataset: [cifar10, cifar10-quickstart]",
      "architecture: [wrn-28-10, {block: robust, depth: 1, width: 1}]",
      "architecture.block: [basic, robust]",
      "architecture.depth: [1, 2]",
      "architecture.width: [[1, 1, 2], 3]",
      "architecture.activation: [relu, silu]",
      "architecture.pre_process: [true, false]",
      "training: [bat, {recipe: bat, epochs: 7}]",
      "training.epochs: [1, 3]",
      "training.batch_size: [64, 128]",
      "training.batch_norm_group: [32, 64]",
      "training.learning_rate: [1e-3, .1]",
      "training.momentum: [0, 0.9]",
      "training.weight_decay: [1e-4, 2E-4]",
      "training.gradient_clip: [1, 5.0]",
      "training.beta: [1, 6]",
      "training.epsilon_255: [4, 8]",
      "training.attack_step_255: [1, 2]",
      "training.attack_steps: [7, 10]",
      "training.augment: [true, false]",
      "seed: [0, 9223372036854775807]",
  };
  for (const std::string& axis : axes) {
    EXPECT_EQ(Expand(FileWith("{" + axis + "}")).trials.size(), 2u) << axis;
  }
  for (const std::string key : {"scales: [4, 8]", "base_width: [10, 20]", "cardinality: [1, 4]",
                                "se_reduction: [16, 64]"}) {
    const std::string grid = "{architecture.block: [robust], architecture." + key + "}";
    EXPECT_EQ(Expand(FileWith(grid)).trials.size(), 2u) << key;
  }
}

TEST(Expansion, AppliesAnAxisOfArchitecturesBeforeOneOfTheirDepth) {
  const ExpandedSweep sweep =
      Expand(FileWith("{architecture.depth: [1, 2], architecture: [wrn-28-10, robustresnet-a1]}"));
  ASSERT_EQ(DepthsOf(sweep), (std::vector<std::string>{"111", "111", "222", "222"}));
  EXPECT_EQ(sweep.trials[0].spec.architecture.width, (PerStage<int>{10, 10, 10}));
  EXPECT_EQ(sweep.trials[1].spec.architecture.block, KnownBlock("robust"));
}

TEST(Expansion, CollapsesRobustSettingsThatABasicBlockIgnores) {
  const ExpandedSweep sweep = Expand(
      FileWith("{architecture.block: [basic, robust], architecture.cardinality: [1, 2, 4]}"));
  EXPECT_EQ(sweep.trials.size(), 4u);
}

TEST(Expansion, ListsEvaluationsTrialByTrial) {
  const ExpandedSweep sweep = Expand(
      FileWith("{seed: [1, 2]}", "[clean, {attack: pgd20, images: 256}, clean, {attack: fgsm}]"));
  ASSERT_EQ(sweep.evaluations.size(), 6u);
  for (size_t trial = 0; trial < 2; ++trial) {
    const EvaluationSpec* const own = &sweep.evaluations[3 * trial];
    const TrialId id = sweep.trials[trial].id;
    EXPECT_EQ(own[0], (EvaluationSpec{id, AttackKind::kClean, 0}));
    EXPECT_EQ(own[1], (EvaluationSpec{id, AttackKind::kPgd20, 256}));
    EXPECT_EQ(own[2], (EvaluationSpec{id, AttackKind::kFgsm, 0}));
  }
}

TEST(Expansion, TakesAllImagesByCountForAllImages) {
  const ExpandedSweep sweep = Expand(FileWith("{}", "[clean, {attack: clean, images: 1017}]"));
  ASSERT_EQ(sweep.evaluations.size(), 1u);
  EXPECT_EQ(sweep.evaluations[0].images, 0);
}

TEST(Expansion, TakesADigestOfOtherFilesAndOneOfFurtherImages) {
  const std::string digest(64, 'a');
  const std::string extra(64, 'b');
  const ExpandedSweep sweep =
      Expand(FileWith("{dataset: [cifar10, {name: cifar10, digest: " + digest +
                      "}, {name: cifar10, extra: " + extra + "}]}"));
  ASSERT_EQ(sweep.trials.size(), 3u);
  EXPECT_EQ(sweep.trials[0].spec.dataset, (DatasetRef{"cifar10", ""}));
  EXPECT_EQ(sweep.trials[1].spec.dataset, (DatasetRef{"cifar10", digest}));
  EXPECT_EQ(sweep.trials[2].spec.dataset, (DatasetRef{"cifar10", "", extra}));
  EXPECT_NE(sweep.trials[0].id, sweep.trials[1].id);
  EXPECT_NE(sweep.trials[0].id, sweep.trials[2].id);
}

TEST(Expansion, TakesThePublishedFilesAsOneDataSetWhetherOrNotTheirDigestIsGiven) {
  for (const RegisteredDataset& dataset : RegisteredDatasets()) {
    if (dataset.content.empty()) continue;
    const ExpandedSweep sweep =
        Expand(FileWith(Format("{{dataset: [{}, {{name: {}, digest: {}}}]}}", dataset.name,
                               dataset.name, dataset.content)));
    EXPECT_EQ(sweep.trials.size(), 1u) << dataset.name;
  }
}

TEST(Expansion, ResolvesTheNumericsFromTheResources) {
  const ExpandedSweep cpu = Expand(FileWith("{}") + "resources: {gpus: 0}\n");
  const ExpandedSweep gpu = Expand(FileWith("{}") + "resources: {gpus: 1}\n");
  EXPECT_EQ(cpu.trials[0].spec.numerics, (Numerics{"fp32", "folded"}));
  EXPECT_EQ(gpu.trials[0].spec.numerics, (Numerics{"bf16", "folded"}));
  EXPECT_EQ(gpu.resources.gpus, 1);
  EXPECT_NE(cpu.trials[0].id, gpu.trials[0].id);
}

TEST(Expansion, DoesNotDistinguishHowManyRanksShareATrial) {
  const ExpandedSweep one = Expand(FileWith("{}") + "resources: {gpus: 0}\n");
  const ExpandedSweep two = Expand(FileWith("{}") + "resources: {gpus: 0, ranks: 2}\n");
  const ExpandedSweep gpu = Expand(FileWith("{}") + "resources: {gpus: 1}\n");
  const ExpandedSweep gpus = Expand(FileWith("{}") + "resources: {gpus: 2}\n");
  EXPECT_EQ(one.resources.ranks, 1);
  EXPECT_EQ(two.resources.ranks, 2);
  EXPECT_EQ(gpus.resources.ranks, 2);
  EXPECT_EQ(one.trials[0].id, two.trials[0].id);
  EXPECT_EQ(gpu.trials[0].id, gpus.trials[0].id);
}

TEST(Expansion, DoesNotDistinguishZeroFromMinusZero) {
  EXPECT_EQ(Expand(FileWith("{training.beta: [0, -0, 0.0, -0.0]}")).trials.size(), 1u);
}

TEST(Expansion, DoesNotDependOnHowAFileIsWritten) {
  const ExpandedSweep one = Expand(FileWith("{training.weight_decay: [2e-4], seed: [0]}"));
  const ExpandedSweep other = Expand(R"(
resources: {gpus: 0}
evaluations:
  - attack: clean
grid:
  training.weight_decay:
    - 0.0002
base:
  seed: 0
  training: {epochs: 2, recipe: "bat"}
  architecture: {activation: relu, block: 'basic', depth: [1, 1, 1], width: 1}
  dataset: {name: cifar10-quickstart}
name: another
)");
  EXPECT_EQ(one.trials[0].id, other.trials[0].id);
  EXPECT_EQ(one.evaluations, other.evaluations);
}

// Ids are what results are found by for years. These were computed outside of this program, from
// the description of the canonical form.
TEST(Expansion, GivesTheIdsThatItAlwaysGave) {
  const ExpandedSweep sweep = Expand(R"(
name: golden
base:
  dataset: cifar10-quickstart
  architecture: {block: basic, width: [1, 1, 1]}
  training: {recipe: bat, numerics: reference, selection: none, epochs: 4, batch_size: 64,
             attack_steps: 3}
  seed: 0
grid:
  architecture.depth: {per_stage: [1, 2]}
evaluations: [{attack: clean, images: 256}, {attack: pgd20, images: 256}]
)");
  std::vector<std::string> ids;
  for (const SweepTrial& trial : sweep.trials) ids.push_back(ToHex(trial.id));
  EXPECT_EQ(ids, (std::vector<std::string>{
                     "30a18174baa34eb875aefa3c16f975b2", "b6e1c87d47f03f76f6a49eb38518331b",
                     "41583153742c024b12d031f59c389031", "30e71fae8a66906a73fbdb49aa24c26a",
                     "98b8de837d9da98702d1bca92f3b1a9f", "485309f8f7e964f2da4975601205259a",
                     "24dc6153ba826f9e634029ce404322eb", "c027da723c934af1051a2decf1035c5a"}));
}

TEST(Expansion, TakesAMillionPointsAndNotOneMore) {
  const auto list = [](int count) {
    std::string text = "[0";
    for (int i = 1; i < count; ++i) text += Format(",{}", i);
    return text + "]";
  };
  const auto mistakes_of = [&](const std::string& grid) {
    // Expanding a million points takes a while, which a mistake elsewhere saves.
    const auto sweep = ExpandSweep("f", FileWith(grid, "[{attack: clean, images: 2000}]"));
    return sweep ? "" : sweep.error().message;
  };
  const std::string planted =
      "f:7:39: images is 2000; data set cifar10-quickstart has 1017 test images";
  EXPECT_EQ(mistakes_of(Format("{{seed: {}, training.beta: {}}}", list(1000), list(1000))),
            planted);
  EXPECT_EQ(mistakes_of(Format("{{seed: {}, training.beta: {}}}", list(1000), list(1001))),
            "f:6:1: there are more than 1000000 points");
  EXPECT_EQ(mistakes_of("{architecture.depth: {per_stage: [1," + list(101).substr(3) + "}}"),
            "f:6:1: there are more than 1000000 points");
}

}  // namespace
}  // namespace archsweep
