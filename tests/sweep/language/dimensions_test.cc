#include <gtest/gtest.h>

#include "tests/sweep/language/sweep_text.h"

namespace archsweep {
namespace {

using Texts = std::vector<std::string>;

TEST(Zip, MovesItsAxesTogether) {
  EXPECT_EQ(PointsOf(ExpandOrFail(SweepWith("zip:\n  architecture.depth: [1, 2]\n"
                                            "  architecture.width: [[1, 2, 3], 4]\n"))),
            (Texts{"D 1-1-1 W 1-2-3 seed 0 beta 6", "D 2-2-2 W 4-4-4 seed 0 beta 6"}));
}

TEST(Zip, RefusesAxesOfDifferentLengths) {
  EXPECT_EQ(MistakesOf(SweepWith("zip: {architecture.depth: [1, 2], seed: [1, 2, 3]}\n")),
            "f:7:35: zip.seed has 3 values and zip.architecture.depth has 2; axes of zip change "
            "together");
  EXPECT_EQ(MistakesOf(SweepWith("zip: {}\n")),
            "f:7:6: zip must be a map of at least one path to its list of values");
}

TEST(List, GivesItsPointsOneByOne) {
  EXPECT_EQ(PointsOf(ExpandOrFail(SweepWith("list:\n  - {architecture.depth: 2, seed: 5}\n"
                                            "  - {training.beta: 1}\n"))),
            (Texts{"D 2-2-2 W 1-1-1 seed 5 beta 6", "D 1-1-1 W 1-1-1 seed 0 beta 1"}));
}

TEST(List, MayHoldWholeArchitectures) {
  EXPECT_EQ(
      PointsOf(ExpandOrFail(SweepWith("list:\n  - {architecture: racl}\n"
                                      "  - {architecture: {name: wrn-28-10, depth: 1}}\n"))),
      (Texts{"racl 23 layers of 104 channels seed 0 beta 6", "D 1-1-1 W 10-10-10 seed 0 beta 6"}));
}

TEST(List, AppliesAWholePartBeforeAFieldOfIt) {
  EXPECT_EQ(PointsOf(ExpandOrFail(SweepWith(
                "list: [{architecture: wrn-34-r}]\ngrid: {architecture.depth: [1, 2]}\n"))),
            (Texts{"D 1-1-1 W 20-20-8 seed 0 beta 6", "D 2-2-2 W 20-20-8 seed 0 beta 6"}));
}

TEST(List, RefusesWhatIsNoPoint) {
  EXPECT_NE(MistakesOf(SweepWith("list: []\n")).find("f:7:7: list is empty"), std::string::npos);
  EXPECT_NE(MistakesOf(SweepWith("list: [3]\n")).find("f:7:8: a point of list is"),
            std::string::npos);
  EXPECT_EQ(MistakesOf(SweepWith("list: [{architecture.dept: 3}]\n")),
            "f:7:9: unknown field 'architecture.dept' (did you mean 'architecture.depth'?)");
}

TEST(Seeds, AreACountOrAList) {
  EXPECT_EQ(PointsOf(ExpandOrFail(SweepWith("seeds: 2\n"))),
            (Texts{"D 1-1-1 W 1-1-1 seed 0 beta 6", "D 1-1-1 W 1-1-1 seed 1 beta 6"}));
  EXPECT_EQ(PointsOf(ExpandOrFail(SweepWith("seeds: [7]\n"))),
            Texts{"D 1-1-1 W 1-1-1 seed 7 beta 6"});
  EXPECT_EQ(MistakesOf(SweepWith("seeds: 0\n")), "f:7:8: seeds is 0; it must be from 1 to 10000");
  EXPECT_EQ(MistakesOf(SweepWith("seeds: many\n")),
            "f:7:8: seeds is 'many'; it must be an integer");
}

TEST(Dimensions, MultiplyInTheOrderOfTheFile) {
  EXPECT_EQ(PointsOf(ExpandOrFail(SweepWith("seeds: 2\ngrid: {training.beta: [1, 2]}\n"))),
            (Texts{"D 1-1-1 W 1-1-1 seed 0 beta 1", "D 1-1-1 W 1-1-1 seed 0 beta 2",
                   "D 1-1-1 W 1-1-1 seed 1 beta 1", "D 1-1-1 W 1-1-1 seed 1 beta 2"}));
}

TEST(Dimensions, RefuseAFieldThatTwoOfThemSet) {
  EXPECT_EQ(MistakesOf(SweepWith("grid: {seed: [1]}\nseeds: 2\n")),
            "f:8:1: seed is set by both grid.seed and seeds");
  EXPECT_EQ(MistakesOf(SweepWith("zip: {training.beta: [1]}\nlist: [{training.beta: 2}]\n")),
            "f:8:1: training.beta is set by both zip.training.beta and list");
}

TEST(Fields, CanDifferFromStageToStage) {
  const ExpandedSweep sweep = ExpandOrFail(
      SweepWith("",
                "{block: [basic, robust, basic], depth: 1, width: [1, 2, 3], kernel: [3, 5, 7], "
                "activation: [relu, silu, gelu], norm: [batch, layer, instance]}"));
  const ArchitectureSpec& spec = sweep.trials.at(0).spec.architecture;
  EXPECT_EQ(BlockText(spec), "basic/robust/basic");
  EXPECT_EQ(ActivationText(spec), "relu/silu/gelu");
  EXPECT_EQ(spec.kernel, (PerStage<int>{3, 5, 7}));
  EXPECT_EQ(spec.norm[2], NormKind::kInstance);
}

TEST(Fields, OfBlocksAreWordsOrNumbers) {
  const ExpandedSweep sweep = ExpandOrFail(
      SweepWith("grid:\n  architecture.se: [none, residual]\n  architecture.se_reduction: [4, 8]\n",
                "{block: bottleneck, depth: 1, width: 1}"));
  // Without squeeze and excitation its reduction makes no difference.
  EXPECT_EQ(sweep.trials.size(), 3u);
  EXPECT_EQ(MistakesOf(SweepWith("", "{block: bottleneck, depth: 1, width: 1, se: evrywhere}")),
            "f:4:61: base.architecture.se is 'evrywhere'; it must be one of none, standard, "
            "conv3x3, identity, residual");
}

TEST(Fields, WithoutAnEffectAreRefused) {
  EXPECT_EQ(MistakesOf(SweepWith("", "{block: bottleneck, depth: 1, width: 1, se_reduction: 4}")),
            "f:4:71: architecture.se_reduction has no effect in any network of this sweep");
  EXPECT_EQ(MistakesOf(SweepWith("", "{cells: racl, channels: 8, layers: 5, depth: 3}")),
            "f:4:62: architecture.depth has no effect in any network of this sweep");
  EXPECT_EQ(MistakesOf(SweepWith("", "{depth: 1, width: 1, layers: 5}")),
            "f:4:46: architecture.layers has no effect in any network of this sweep");
}

TEST(Fields, OfCellsHaveTheirBounds) {
  EXPECT_EQ(MistakesOf(SweepWith("", "{cells: racl, channels: 7, layers: 5}")),
            "f:4:41: channels is 7; it must be an even number from 2 to 4096");
  EXPECT_EQ(MistakesOf(SweepWith("", "{cells: rackl, channels: 8, layers: 5}")),
            "f:4:25: base.architecture.cells: unknown cells 'rackl' (did you mean 'racl'?); known "
            "are: robnet-large-v2, advrush, racl");
}

std::string ImportWith(const std::string& rest) {
  return "name: import\nbase:\n  dataset: cifar10-quickstart\n"
         "  architecture: {depth: 1, width: 1}\n" +
         rest;
}

TEST(Weights, NeedNoTraining) {
  const std::string digest(64, 'a');
  const ExpandedSweep sweep =
      ExpandOrFail(ImportWith("  weights: " + digest + "\nevaluations: [clean, autoattack]\n"));
  ASSERT_EQ(sweep.trials.size(), 1u);
  EXPECT_EQ(sweep.trials[0].spec.weights_sha256, digest);
  EXPECT_EQ(sweep.trials[0].spec.training, TrainingSpec());
  EXPECT_EQ(sweep.evaluations.size(), 2u);
}

TEST(Weights, MayBeAttackedByAnyNumberOfRanks) {
  const std::string imported = ImportWith("  weights: " + std::string(64, 'a') + "\n");
  const std::string rest = "evaluations: [clean]\nresources: {gpus: 0, ranks: 3}\n";
  EXPECT_EQ(ExpandOrFail(imported + rest).resources.ranks, 3);
  EXPECT_NE(MistakesOf(ImportWith("  training: {recipe: bat}\n" + rest)).find("3 ranks"),
            std::string::npos)
      << "a training cannot share its batch so";
}

TEST(Weights, MayBeAnAxis) {
  const ExpandedSweep sweep =
      ExpandOrFail(ImportWith("grid:\n  weights: [" + std::string(64, 'a') + ", " +
                              std::string(64, 'b') + "]\nevaluations: [clean]\n"));
  ASSERT_EQ(sweep.trials.size(), 2u);
  EXPECT_NE(sweep.trials[0].id, sweep.trials[1].id);
}

TEST(Weights, MakeTrainingAndSeedIdle) {
  const std::string weights = "  weights: " + std::string(64, 'a') + "\n";
  EXPECT_EQ(MistakesOf(ImportWith(weights + "  training: {recipe: bat, beta: 1}\n  seed: 3\n"
                                            "evaluations: [clean]\n")),
            "f:6:13: training has no effect in any network of this sweep\n"
            "f:6:33: training.beta has no effect in any network of this sweep\n"
            "f:7:9: seed has no effect in any network of this sweep");
  EXPECT_EQ(MistakesOf(ImportWith(weights + "evaluations: [{attack: clean, checkpoint: best}]\n")),
            "f:6:43: weights that are there have no best checkpoint beside the last");
}

TEST(Evaluations, MayChangeTheSettingsOfAnAttack) {
  std::string text = SweepWith("");
  text.replace(text.find("[clean]"), 7,
               "[pgd20, {attack: pgd20, steps: 50, step_255: 2, random_start: false}, cw40]");
  const ExpandedSweep sweep = ExpandOrFail(text);
  ASSERT_EQ(sweep.evaluations.size(), 3u);
  EXPECT_EQ(ResultColumnOf(sweep.evaluations[0]), "pgd20_last");
  EXPECT_EQ(sweep.evaluations[1].settings,
            (AttackSettings{.epsilon_255 = 8, .step_255 = 2, .steps = 50, .random_start = false}));
  EXPECT_EQ(sweep.evaluations[2].settings.steps, 40);
}

std::string MistakesOfEvaluation(const std::string& evaluation) {
  std::string text = SweepWith("");
  text.replace(text.find("[clean]"), 7, "[" + evaluation + "]");
  return MistakesOf(text);
}

TEST(Evaluations, KnowTheSettingsOfEveryAttack) {
  std::string text = SweepWith("");
  text.replace(text.find("[clean]"), 7,
               "[autoattack, {attack: apgd_pair, images: 100, batch: 500, seed: 7, savings: none},"
               " {attack: square, queries: 200}, {attack: pgd20, restarts: 5}]");
  const ExpandedSweep sweep = ExpandOrFail(text);
  ASSERT_EQ(sweep.evaluations.size(), 4u);
  EXPECT_EQ(sweep.evaluations[0].settings, SettingsOf(AttackKind::kAutoAttack));
  const AttackSettings pair = sweep.evaluations[1].settings;
  EXPECT_EQ(pair.batch, 500);
  EXPECT_EQ(pair.seed, 7u);
  EXPECT_EQ(pair.savings, Savings::kNone);
  EXPECT_EQ(ResultColumnOf(sweep.evaluations[1]), "apgd_pair_last");
  EXPECT_EQ(sweep.evaluations[2].settings.queries, 200);
  EXPECT_EQ(ResultColumnOf(sweep.evaluations[2]), std::nullopt);
  EXPECT_EQ(sweep.evaluations[3].settings.restarts, 5);
}

TEST(Evaluations, RefuseSettingsOfOtherAttacks) {
  EXPECT_EQ(MistakesOfEvaluation("{attack: square, steps: 3}"),
            "f:6:32: steps is not a setting of square; those are: epsilon_255, restarts, queries, "
            "batch, seed, savings");
  EXPECT_EQ(MistakesOfEvaluation("{attack: square, querys: 3}"),
            "f:6:32: unknown key 'querys' in an evaluation (did you mean 'queries'?)");
  EXPECT_EQ(MistakesOfEvaluation("{attack: fab_t, targets: 10}"),
            "f:6:40: targets is 10; data set cifar10-quickstart has 9 wrong classes");
  EXPECT_EQ(MistakesOfEvaluation("{attack: fgsm, restarts: 2}"),
            "f:6:40: restarts is 2; without random_start every run is the same");
  EXPECT_EQ(MistakesOfEvaluation("{attack: square, seed: -1, batch: x, savings: no}"),
            "f:6:38: seed is -1; it must be from 0 to 9223372036854775807\n"
            "f:6:49: batch is 'x'; it must be an integer\n"
            "f:6:61: unknown savings 'no'; known are: exact, none");
}

TEST(Evaluations, NeedATrainingThatSelectsForTheBestCheckpoint) {
  const auto mistakes_with = [](const std::string& recipe) {
    std::string text = SweepWith("");
    text.replace(text.find("[clean]"), 7, "[{attack: clean, checkpoint: best}]");
    text.replace(text.find("training: bat"), 13, "training: " + recipe);
    return MistakesOf(text);
  };
  EXPECT_EQ(mistakes_with("bat"), "");
  EXPECT_EQ(mistakes_with("quick"),
            "f:6:43: training selects no best checkpoint; add training.selection: test");
  EXPECT_EQ(MistakesOfEvaluation("{attack: clean, checkpoint: last}"), "");
}

TEST(Evaluations, RefuseSettingsThatAreImpossible) {
  EXPECT_EQ(MistakesOfEvaluation("{attack: pgd20, epsilon_255: 256}"),
            "f:6:44: epsilon_255 is 256; it must be above 0 and at most 255");
  EXPECT_EQ(MistakesOfEvaluation("{attack: pgd20, steps: 0}"),
            "f:6:38: steps is 0; it must be from 1 to 10000");
  EXPECT_EQ(MistakesOfEvaluation("{attack: clean, steps: 3}"),
            "f:6:24: attack is clean; it has no settings");
}

}  // namespace
}  // namespace archsweep
