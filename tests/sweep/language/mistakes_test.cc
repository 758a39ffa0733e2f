#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "sweep/language/expansion.h"

namespace archsweep {
namespace {

struct Mistake {
  std::string about;  // For the reader of a failure.
  std::string from;   // What of the valid file is replaced,
  std::string to;     // and by what.
  std::string message;
};

void PrintTo(const Mistake& mistake, std::ostream* out) { *out << mistake.about; }

const std::string kValid = R"(name: test
base:
  dataset: cifar10-quickstart
  architecture: {width: [1, 1, 1]}
  training: {recipe: bat, epochs: 2}
  seed: 0
grid:
  architecture.depth: {per_stage: [1, 2]}
evaluations: [clean, {attack: pgd20, images: 256}]
resources: {gpus: 0}
)";

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

std::string MistakesIn(const std::string& text) {
  const auto sweep = ExpandSweep("f", text);
  if (sweep) return "";
  EXPECT_EQ(sweep.error().kind, ErrorKind::kInvalidInput);
  return sweep.error().message;
}

class Mistakes : public testing::TestWithParam<Mistake> {};

TEST_P(Mistakes, AreReportedWhereTheyAre) {
  const Mistake& mistake = GetParam();
  EXPECT_EQ(MistakesIn(Replaced(kValid, mistake.from, mistake.to)), mistake.message)
      << mistake.about;
}

INSTANTIATE_TEST_SUITE_P(
    Keys, Mistakes,
    testing::Values(
        Mistake{"unknown key at the top", "resources:", "resource:",
                "f:10:1: unknown key 'resource' in the sweep file (did you mean 'resources'?)"},
        Mistake{"unknown key without a near one", "resources:", "colour:",
                "f:10:1: unknown key 'colour' in the sweep file; known are: name, include, "
                "base, grid, zip, list, seeds, where, evaluations, resources, queue"},
        Mistake{"unknown key in the base", "  seed: 0", "  sead: 0",
                "f:6:3: unknown key 'sead' in base (did you mean 'seed'?)"},
        Mistake{"a path in the base", "  seed: 0", "  training.beta: 0",
                "f:6:3: unknown key 'training.beta' in base; known are: dataset, architecture, "
                "training, weights, seed"},
        Mistake{"unknown key of a network", "{width:", "{depht: 1, width:",
                "f:4:18: unknown key 'depht' in base.architecture (did you mean 'depth'?)"},
        Mistake{"unknown key of the training", "epochs: 2", "epoch: 2",
                "f:5:27: unknown key 'epoch' in base.training (did you mean 'epochs'?)"},
        Mistake{"unknown axis", "architecture.depth:", "architecture.deph:",
                "f:4:17: architecture has no 'depth'; give it here or as the axis "
                "architecture.depth\n"
                "f:8:3: unknown axis 'architecture.deph' (did you mean 'architecture.depth'?)"},
        Mistake{"unknown key of an evaluation", "images:", "image:",
                "f:9:38: unknown key 'image' in an evaluation (did you mean 'images'?)"},
        Mistake{"unknown key of the resources", "gpus: 0", "cpus: 0, gpus: 0",
                "f:10:13: unknown key 'cpus' in resources (did you mean 'gpus'?)"},
        Mistake{"unknown key of an axis", "{per_stage: [1, 2]}", "{per_stages: [1, 2]}",
                "f:8:23: grid.architecture.depth has no 'per_stage'\n"
                "f:8:24: unknown key 'per_stages' in grid.architecture.depth (did you mean "
                "'per_stage'?)"},
        Mistake{"duplicate key", "  seed: 0", "  seed: 0\n  seed: 1",
                "f:7:3: duplicate key 'seed', first given in line 6"}));

INSTANTIATE_TEST_SUITE_P(
    Missing, Mistakes,
    testing::Values(
        Mistake{"no name", "name: test\n", "", "f:1:1: the sweep file has no 'name'"},
        Mistake{"no data set", "  dataset: cifar10-quickstart\n", "",
                "f:3:3: base has no 'dataset'"},
        Mistake{"no training", "  training: {recipe: bat, epochs: 2}\n", "",
                "f:3:3: base has no 'training'"},
        Mistake{"no network", "  architecture: {width: [1, 1, 1]}\n", "",
                "f:3:3: base has no 'architecture'"},
        Mistake{"no width", "{width: [1, 1, 1]}", "{}",
                "f:4:17: architecture has no 'width'; give it here or as the axis "
                "architecture.width"},
        Mistake{"no recipe", "recipe: bat, ", "",
                "f:5:13: base.training has no 'recipe'; add the one that the other keys override, "
                "such as 'recipe: bat'"},
        Mistake{"no evaluations", "evaluations: [clean, {attack: pgd20, images: 256}]\n", "",
                "f:1:1: the sweep file has no 'evaluations'"},
        Mistake{"no attack", "attack: pgd20, ", "", "f:9:22: an evaluation has no 'attack'"},
        Mistake{"no value", "  seed: 0",
                "  seed:", "f:6:3: base.seed has no value; it must be an integer"},
        Mistake{"an empty axis", "[1, 2]", "[]",
                "f:8:35: grid.architecture.depth is an empty list; give at least one value"},
        Mistake{"no evaluation", "[clean, {attack: pgd20, images: 256}]", "[]",
                "f:9:14: evaluations is an empty list; it must be a list such as [clean, pgd20]"},
        Mistake{"a network without depth on an axis", "  architecture.depth: {per_stage: [1, 2]}",
                "  architecture: [wrn-28-10, {width: 1}]",
                "f:8:29: architecture has no 'depth'; give it here or as the axis "
                "architecture.depth"}));

INSTANTIATE_TEST_SUITE_P(
    Types, Mistakes,
    testing::Values(
        Mistake{"a word for an integer", "epochs: 2", "epochs: ten",
                "f:5:35: base.training.epochs is 'ten'; it must be an integer"},
        Mistake{"a fraction for an integer", "epochs: 2", "epochs: 2.0",
                "f:5:35: base.training.epochs is '2.0'; it must be an integer"},
        Mistake{"a number in quotes", "epochs: 2", "epochs: '2'",
                "f:5:35: base.training.epochs is the text \"2\"; it must be an integer"},
        Mistake{"a list for an integer", "epochs: 2", "epochs: [2]",
                "f:5:35: base.training.epochs is a list; it must be an integer"},
        Mistake{"octal", "epochs: 2", "epochs: 0o17",
                "f:5:35: base.training.epochs is '0o17'; it must be an integer"},
        Mistake{"an integer that no computer word holds", "epochs: 2",
                "epochs: 99999999999999999999",
                "f:5:35: base.training.epochs is 99999999999999999999; it must be from -2147483648 "
                "to 2147483647"},
        Mistake{
            "a word for a number", "epochs: 2", "beta: six",
            "f:5:33: base.training.beta is 'six'; it must be a finite number, such as 6, 0.1 or "
            "1e-3"},
        Mistake{"infinity", "epochs: 2", "beta: .inf",
                "f:5:33: base.training.beta is '.inf'; it must be a finite number, such as 6, 0.1 "
                "or 1e-3"},
        Mistake{"YAML's other word for false", "epochs: 2", "augment: no",
                "f:5:36: base.training.augment is 'no'; it must be true or false"},
        Mistake{"True", "epochs: 2", "augment: True",
                "f:5:36: base.training.augment is 'True'; it must be true or false"},
        Mistake{"two stages", "[1, 1, 1]", "[1, 1]",
                "f:4:25: base.architecture.width is a list; it must be one value for all stages "
                "or a list of 3"},
        Mistake{"a fraction in one stage", "[1, 1, 1]", "[1, 1.5, 1]",
                "f:4:29: base.architecture.width is '1.5'; it must be an integer"},
        Mistake{"a word on an axis", "[1, 2]", "[1, x]",
                "f:8:39: grid.architecture.depth.per_stage is 'x'; it must be an integer"},
        Mistake{
            "an axis that is a value", "{per_stage: [1, 2]}", "2",
            "f:8:23: grid.architecture.depth is a single value; it must be a list of values, or "
            "a map of per_stage to one"},
        Mistake{"stages where there are none", "  architecture.depth: {per_stage: [1, 2]}",
                "  architecture.depth: [1]\n  seed: {per_stage: [1, 2]}",
                "f:9:9: grid.seed is a map; it must be a list of values"},
        Mistake{"a list for the base", "resources: {gpus: 0}", "resources: [0]",
                "f:10:12: resources is a list; it must be a map"},
        Mistake{"a map for a name", "name: test", "name: {a: b}",
                "f:1:7: name is a map; it must be a word"},
        Mistake{
            "a name for a path", "name: test", "name: ../test",
            "f:1:7: name is '../test'; it must be at most 64 letters, digits, '-', '_' and '.', "
            "and begin with a letter or digit"}));

INSTANTIATE_TEST_SUITE_P(
    Values, Mistakes,
    testing::Values(
        Mistake{
            "unknown data set", "cifar10-quickstart", "cifar-10",
            "f:3:12: base.dataset: unknown data set 'cifar-10' (did you mean 'cifar10'?); known "
            "are: cifar10, cifar100, tiny-imagenet, cifar10-quickstart, synthetic"},
        Mistake{"unknown network", "{width: [1, 1, 1]}", "wrn-28-11",
                "f:4:17: base.architecture: unknown architecture 'wrn-28-11' (did you mean "
                "'wrn-28-10'?)"},
        Mistake{"unknown block", "{width:", "{block: robst, width:",
                "f:4:25: base.architecture.block: unknown block 'robst' (did you mean 'robust'?); "
                "known are: aggregated, basic, bottleneck, hierarchical, inverted, plain, robust"},
        Mistake{"unknown recipe", "recipe: bat", "recipe: bad",
                "f:5:22: base.training: unknown recipe 'bad' (did you mean 'bat'?); known are: "
                "bat, bat-heldout, aat, quick"},
        Mistake{"unknown attack", "[clean,", "[cleen,",
                "f:9:15: unknown attack 'cleen' (did you mean 'clean'?); known are: clean, fgsm, "
                "pgd20, cw40, apgd_ce, apgd_dlr, apgd_t, fab_t, square, autoattack, apgd_pair"},
        Mistake{"unknown checkpoint", "images: 256", "checkpoint: bets",
                "f:9:50: unknown checkpoint 'bets'; known are: last, best"},
        Mistake{"unknown savings", "pgd20, images: 256", "square, savings: all",
                "f:9:48: unknown savings 'all'; known are: exact, none"},
        Mistake{"no epochs", "epochs: 2", "epochs: 0",
                "f:5:35: epochs is 0; it must be from 1 to 100000"},
        Mistake{"a negative rate", "epochs: 2", "learning_rate: -1e-1",
                "f:5:42: learning_rate is -0.1; it must be above 0"},
        Mistake{"a batch that groups do not fill", "epochs: 2", "batch_size: 100",
                "f:5:39: batch_size 100 is not a multiple of batch_norm_group 64"},
        Mistake{"a network that is too wide", "[1, 1, 1]", "[1, 1, 257]",
                "f:4:25: width of stage 3 is 257; it must be from 1 to 256"},
        Mistake{"a depth of none", "[1, 2]", "[1, 0]",
                "f:8:39: depth of stage 1 is 0; it must be from 1 to 1000"},
        Mistake{"a negative seed", "seed: 0", "seed: -1",
                "f:6:9: base.seed is -1; it must be from 0 to 9223372036854775807"},
        Mistake{"no images", "images: 256", "images: 0",
                "f:9:46: images is 0; it must be from 1 to 9223372036854775807"},
        Mistake{"more images than there are", "images: 256", "images: 1018",
                "f:9:46: images is 1018; data set cifar10-quickstart has 1017 test images"},
        Mistake{"weights that are none", "seed: 0", "weights: abc",
                "f:6:12: base.weights is 'abc'; it must be the SHA-256 of a safetensors file, 64 "
                "hexadecimal digits in small letters"},
        Mistake{"more devices than a host has", "gpus: 0", "gpus: 65",
                "f:10:19: resources.gpus is 65; it must be from 0 to 64"},
        Mistake{"no ranks", "gpus: 0", "gpus: 0, ranks: 0",
                "f:10:29: resources.ranks is 0; it must be from 1 to 64"},
        Mistake{"ranks beside GPUs", "gpus: 0", "gpus: 2, ranks: 1",
                "f:10:29: resources.ranks is 1 and resources.gpus 2; there is one rank for each "
                "GPU, so leave 'ranks' out"},
        Mistake{"ranks that cannot share the batch", "gpus: 0", "gpus: 4",
                "f:10:12: batch_size 128 makes 2 batch-norm groups of 64, which 4 ranks cannot "
                "share evenly"},
        Mistake{"a digest that is none", "cifar10-quickstart", "{name: cifar10, digest: abc}",
                "f:3:36: base.dataset.digest is 'abc'; it must be 64 hexadecimal digits in small "
                "letters"},
        Mistake{"a digest of further images that is none", "cifar10-quickstart",
                "{name: cifar10, extra: '500K'}",
                "f:3:35: base.dataset.extra is '500K'; it must be 64 hexadecimal digits in small "
                "letters"},
        Mistake{"another digest than the one of what ships", "cifar10-quickstart",
                "{name: cifar10-quickstart, digest: " + std::string(64, '0') + "}",
                "f:3:47: base.dataset.digest is not that of the published data set "
                "cifar10-quickstart, which is "
                "ccb61b138111f902fea38eec8c9883a4b607c93e9f30979bc641be12501e77d9"},
        Mistake{"a setting of another block", "{width:", "{scales: 4, width:",
                "f:4:26: architecture.scales has no effect in any network of this sweep"},
        Mistake{"a setting that leaves no channel",
                "{width:", "{block: robust, base_width: 9, width:",
                "f:4:45: base_width 9 leaves no channel where planes are 16; planes * base_width / "
                "160 must be at least 1, in stage 1"}));

TEST(MistakesTogether, AreAllReportedAtOnceInTheOrderOfTheFile) {
  std::string text = Replaced(kValid, "name: test", "name: -x");
  text = Replaced(text, "cifar10-quickstart", "cifar11");
  text = Replaced(text, "epochs: 2", "epochs: 0, beta: x, momentum: 2");
  text = Replaced(text, "[1, 2]", "[0, 2, y]");
  text = Replaced(text, "gpus: 0", "gpu: 0");
  EXPECT_EQ(
      MistakesIn(text),
      "f:1:7: name is '-x'; it must be at most 64 letters, digits, '-', '_' and '.', and begin "
      "with a letter or digit\n"
      "f:3:12: base.dataset: unknown data set 'cifar11' (did you mean 'cifar10'?); known are: "
      "cifar10, cifar100, tiny-imagenet, cifar10-quickstart, synthetic\n"
      "f:5:35: epochs is 0; it must be from 1 to 100000\n"
      "f:5:44: base.training.beta is 'x'; it must be a finite number, such as 6, 0.1 or 1e-3\n"
      "f:5:57: momentum is 2; it must be from 0 to below 1\n"
      "f:8:36: depth of stage 1 is 0; it must be from 1 to 1000\n"
      "f:8:42: grid.architecture.depth.per_stage is 'y'; it must be an integer\n"
      "f:10:12: resources has no 'gpus'\n"
      "f:10:13: unknown key 'gpu' in resources (did you mean 'gpus'?)");
}

TEST(MistakesTogether, DoNotCauseEachOther) {
  EXPECT_EQ(MistakesIn("name: test\nevaluations: [clean]\n"),
            "f:1:1: the sweep file has no 'base'");
  std::string text = Replaced(kValid, "epochs: 2", "batch_norm_group: x, batch_size: 96");
  EXPECT_EQ(MistakesIn(text),
            "f:5:45: base.training.batch_norm_group is 'x'; it must be an integer");
  text = Replaced(kValid, "[1, 1, 1]", "[1, x, 1]");
  EXPECT_EQ(MistakesIn(text), "f:4:29: base.architecture.width is 'x'; it must be an integer");
  text = Replaced(kValid, "{width: [1, 1, 1]}", "{block: robst, scales: 2, width: [1, 1, 1]}");
  EXPECT_EQ(
      MistakesIn(text),
      "f:4:25: base.architecture.block: unknown block 'robst' (did you mean 'robust'?); known "
      "are: aggregated, basic, bottleneck, hierarchical, inverted, plain, robust");
}

TEST(MistakesTogether, AreFoundInValuesThatOnlySomePointsCombine) {
  const std::string grid =
      "{training.batch_size: [128, 96],\n training.batch_norm_group: [32, 64]}";
  const std::string text =
      Replaced(kValid, "\n  architecture.depth: {per_stage: [1, 2]}", " " + grid);
  EXPECT_EQ(MistakesIn(Replaced(text, "{width:", "{depth: 1, width:")),
            "f:7:35: batch_size 96 is not a multiple of batch_norm_group 64");
}

TEST(MistakesTogether, AreBounded) {
  std::string text = kValid;
  for (int i = 0; i < 3000; ++i) text += "key" + std::to_string(i) + ": 1\n";
  const std::string mistakes = MistakesIn(text);
  EXPECT_LT(mistakes.size(), 10'000u);
  EXPECT_NE(mistakes.find("and 950 more"), std::string::npos);
}

TEST(MistakesTogether, AreNotSeenInTheValidFile) { EXPECT_EQ(MistakesIn(kValid), ""); }

}  // namespace
}  // namespace archsweep
