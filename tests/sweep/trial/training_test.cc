#include "sweep/trial/training.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include "sweep/trial/training_setting.h"

namespace archsweep {
namespace {

TEST(Training, DefaultsAreThePapersRecipeAndHaveNoProblem) {
  EXPECT_TRUE(Problems(TrainingSpec{}).empty());
  EXPECT_EQ(ToJson(TrainingSpec{}).at("weight_decay"), 2e-4);
}

TEST(Training, NamesEveryImpossibleValueAtOnce) {
  const TrainingSpec spec{.epochs = 0, .batch_size = 100, .learning_rate = -1, .attack_steps = 0};
  const auto problems = Problems(spec);
  ASSERT_EQ(problems.size(), 4u);
  EXPECT_NE(problems[3].find("not a multiple of batch_norm_group 64"), std::string::npos)
      << problems[3];
}

TEST(Training, ReadsBackWhatItWrites) {
  const TrainingSpec spec{.epochs = 4, .beta = 0.1, .augment = false};
  EXPECT_EQ(ParseTraining(ToJson(spec)).value(), spec);
  Json other = ToJson(spec);
  other["objective"] = "free";
  const auto parsed = ParseTraining(other);
  ASSERT_FALSE(parsed);
  EXPECT_NE(parsed.error().message.find("objective 'free' is not known"), std::string::npos)
      << parsed.error().message;
}

TEST(Training, WritesLaterSettingsOnlyWhereTheyDifferFromTheirDefault) {
  EXPECT_EQ(ToJson(TrainingSpec{}).size(), 13u);
  TrainingSpec spec;
  spec.objective = Objective::kMart;
  spec.schedule = Schedule::kOneCycle;
  spec.ema = 0.995;
  const Json json = ToJson(spec);
  EXPECT_EQ(json.size(), 15u);
  EXPECT_EQ(json.at("objective"), "mart");
  EXPECT_EQ(json.at("schedule"), "onecycle");
  EXPECT_EQ(ParseTraining(json).value(), spec);
}

TEST(Training, HasOneSettingForEachMemberAndWordsForEachEnumeration) {
  std::set<std::string> keys;
  for (const TrainingSetting& setting : TrainingSettings()) {
    EXPECT_TRUE(keys.insert(setting.key).second) << setting.key;
    EXPECT_FALSE(setting.summary.empty()) << setting.key;
    std::visit(
        [&](auto member) {
          using Value = std::remove_reference_t<decltype(TrainingSpec{}.*member)>;
          EXPECT_EQ(setting.words.size() >= 2, std::is_enum_v<Value>) << setting.key;
        },
        setting.member);
  }
  EXPECT_EQ(keys.size(), 34u);
}

TEST(Training, NamesTheBoundsOfANumber) {
  TrainingSpec spec;
  spec.momentum = 1;
  spec.epsilon_255 = 0;
  spec.beta = -1;
  spec.learning_rate = 0;
  const std::vector<std::string> expected = {
      "learning_rate is 0; it must be above 0", "momentum is 1; it must be from 0 to below 1",
      "beta is -1; it must not be negative",
      "epsilon_255 is 0; it must be above 0 and at most 255"};
  EXPECT_EQ(Problems(spec), expected);
}

}  // namespace
}  // namespace archsweep
