#include "sweep/trial/trial.h"

#include <gtest/gtest.h>

#include "base/canonical_json.h"

namespace archsweep {
namespace {

TrialSpec Quickstart() {
  return {.dataset = {"cifar10", "d1"},
          .architecture = {.depth = {1, 2, 1}, .width = {1, 1, 1}},
          .training = {.epochs = 4, .batch_size = 64, .attack_steps = 3},
          .seed = 7};
}

// Ids name results for ever: a change here would orphan every database there is.
TEST(Trial, HasTheGoldenId) {
  EXPECT_EQ(CanonicalText(ToJson(Quickstart())),
            R"({"architecture":{"activation":"relu","block":"basic","depth":[1,2,1],)"
            R"("pre_process":false,"width":[1,1,1]},)"
            R"("dataset":{"digest":"d1","name":"cifar10"},)"
            R"("numerics":{"fusion":"none","precision":"fp32"},"seed":7,)"
            R"("training":{"attack_step_255":2,"attack_steps":3,"augment":true,)"
            R"("batch_norm_group":64,"batch_size":64,"beta":6,"epochs":4,"epsilon_255":8,)"
            R"("gradient_clip":5,"learning_rate":0.1,"momentum":0.9,"objective":"trades",)"
            R"("weight_decay":2e-04}})");
  EXPECT_EQ(ToHex(IdOf(Quickstart())), "f53f526bb951a97440548ba8b5eccf77");
}

TEST(Trial, ThatIsImportedHasTheGoldenId) {
  TrialSpec spec = Quickstart();
  spec.weights_sha256 = std::string(64, 'a');
  const std::string text =
      R"({"architecture":{"activation":"relu","block":"basic","depth":[1,2,1],)"
      R"("pre_process":false,"width":[1,1,1]},)"
      R"("dataset":{"digest":"d1","name":"cifar10"},"kind":"imported",)"
      R"("numerics":{"fusion":"none","precision":"fp32"},"weights_sha256":")" +
      std::string(64, 'a') + "\"}";
  EXPECT_EQ(CanonicalText(ToJson(spec)), text);
  EXPECT_EQ(ToHex(IdOf(spec)), "0941da58e846606ea019eec369b13ef7");
  TrialSpec without_training = spec;
  without_training.training = {};
  without_training.seed = 0;
  EXPECT_EQ(ParseTrial(ToJson(spec)).value(), without_training);
  EXPECT_FALSE(HasBest(spec));
}

TEST(Trial, ThatIsImportedHasNoTraining) {
  TrialSpec spec = Quickstart();
  spec.weights_sha256 = std::string(64, 'a');
  for (const auto& [key, value] : {std::pair<const char*, Json>("kind", "borrowed"),
                                   {"kind", 7},
                                   {"seed", 1},
                                   {"weights_sha256", std::string(63, 'a')},
                                   {"training", Json::object()}}) {
    Json json = ToJson(spec);
    json[key] = value;
    EXPECT_FALSE(ParseTrial(json)) << key;
  }
}

TEST(Trial, ChangesItsIdWithEverySetting) {
  const TrialId id = IdOf(Quickstart());
  TrialSpec seed = Quickstart();
  seed.seed = 8;
  TrialSpec digest = Quickstart();
  digest.dataset.digest = "d2";
  TrialSpec training = Quickstart();
  training.training.beta = 5;
  TrialSpec architecture = Quickstart();
  architecture.architecture.activation = ActivationKind::kSilu;
  for (const TrialSpec& spec : {seed, digest, training, architecture}) EXPECT_NE(IdOf(spec), id);
}

TEST(Trial, NamesFurtherImagesOnlyWhereItHasThem) {
  TrialSpec spec = Quickstart();
  spec.dataset.extra = "e1";
  EXPECT_EQ(ToJson(spec)["dataset"],
            (Json{{"name", "cifar10"}, {"digest", "d1"}, {"extra", "e1"}}));
  EXPECT_NE(IdOf(spec), IdOf(Quickstart()));
  EXPECT_EQ(ParseTrial(ToJson(spec)).value(), spec);
}

TEST(Trial, ReadsBackWhatItWritesAndRefusesWhatItWouldIgnore) {
  EXPECT_EQ(ParseTrial(ToJson(Quickstart())).value(), Quickstart());
  Json extended = ToJson(Quickstart());
  extended["training"]["free_replays"] = 8;
  const auto parsed = ParseTrial(extended);
  ASSERT_FALSE(parsed);
  EXPECT_NE(parsed.error().message.find("does not know"), std::string::npos);
  Json incomplete = ToJson(Quickstart());
  incomplete.erase("seed");
  EXPECT_FALSE(ParseTrial(incomplete));
}

}  // namespace
}  // namespace archsweep
