#include "sweep/language/include.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/sweep/language/sweep_text.h"

namespace archsweep {
namespace {

TEST(Include, TakesAPresetAsItIs) {
  const ExpandedSweep own = ExpandOrFail("name: mine\ninclude: depth-grid\n");
  EXPECT_EQ(own.name, "mine");
  EXPECT_EQ(own.trials.size(), 343u);
}

TEST(Include, ChangesWhatTheFileSays) {
  const ExpandedSweep sweep = ExpandOrFail(
      "name: mine\ninclude: depth-grid\n"
      "base: {dataset: cifar10-quickstart, architecture: {block: robust, width: 1}}\n"
      "grid: {architecture.depth: {per_stage: [1, 2]}}\n"
      "resources: {gpus: 0}\nevaluations: [clean]\n");
  EXPECT_EQ(sweep.trials.size(), 8u);
  const TrialSpec& spec = sweep.trials[0].spec;
  EXPECT_EQ(spec.architecture.block, KnownBlock("robust"));
  EXPECT_EQ(spec.dataset.name, "cifar10-quickstart");
  EXPECT_EQ(sweep.evaluations.size(), 8u);
  EXPECT_EQ(sweep.resources.gpus, 0);
}

TEST(Include, RemovesWhatTheFileLeavesEmpty) {
  const ExpandedSweep sweep = ExpandOrFail(
      "name: mine\ninclude: depth-grid\nbase: {architecture: {depth: 3}}\n"
      "grid:\n  architecture.depth:\n  training.beta: [1, 6]\n");
  EXPECT_EQ(sweep.trials.size(), 2u);
}

TEST(Include, GivesTheSameNetworksAsThePreset) {
  std::set<TrialId> ids;
  for (const char* text : {"name: a\ninclude: width-grid\n", "name: b\ninclude: width-grid\n"}) {
    for (const SweepTrial& trial : ExpandOrFail(text).trials) ids.insert(trial.id);
  }
  EXPECT_EQ(ids.size(), 512u);
}

TEST(Include, NamesItsMistakes) {
  EXPECT_EQ(MistakesOf("name: x\ninclude: depth-gird\n")
                .find("f:2:10: include is 'depth-gird' "
                      "(did you mean 'depth-grid'?)"),
            0u);
  EXPECT_NE(MistakesOf("include: depth-grid\n").find("the sweep file has no 'name'"),
            std::string::npos);
  EXPECT_EQ(MistakesOf("name: x\ninclude: depth-grid\nbase: {architecture: {kernel: 2}}\n"),
            "f:3:31: kernel of stage 1 is 2; it must be an odd number from 1 to 15\n"
            "f:3:31: kernel of stage 2 is 2; it must be an odd number from 1 to 15\n"
            "f:3:31: kernel of stage 3 is 2; it must be an odd number from 1 to 15");
}

}  // namespace
}  // namespace archsweep
