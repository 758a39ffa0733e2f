#include "sweep/trial/training.h"

#include <gtest/gtest.h>

namespace archsweep {
namespace {

TEST(Training, LearningRateFallsAtThreeQuartersAndNineTenths) {
  const TrainingSpec spec;
  EXPECT_DOUBLE_EQ(LearningRate(spec, 0), 0.1);
  EXPECT_DOUBLE_EQ(LearningRate(spec, 74), 0.1);
  EXPECT_DOUBLE_EQ(LearningRate(spec, 75), 0.01);
  EXPECT_DOUBLE_EQ(LearningRate(spec, 89), 0.01);
  EXPECT_DOUBLE_EQ(LearningRate(spec, 90), 0.001);
  EXPECT_DOUBLE_EQ(LearningRate(spec, 99), 0.001);
}

TEST(Training, DefaultsAreThePapersRecipeAndHaveNoProblem) {
  EXPECT_TRUE(Problems(TrainingSpec{}).empty());
  EXPECT_EQ(ToJson(TrainingSpec{}).at("weight_decay"), 2e-4);
}

TEST(Training, NamesEveryImpossibleValueAtOnce) {
  const TrainingSpec spec{.epochs = 0, .batch_size = 100, .learning_rate = -1, .attack_steps = 0};
  const auto problems = Problems(spec);
  ASSERT_EQ(problems.size(), 4u);
  EXPECT_NE(problems[1].find("not a multiple of batch_norm_group 64"), std::string::npos)
      << problems[1];
}

TEST(Training, ReadsBackWhatItWrites) {
  const TrainingSpec spec{.epochs = 4, .beta = 0.1, .augment = false};
  EXPECT_EQ(ParseTraining(ToJson(spec)).value(), spec);
  Json other = ToJson(spec);
  other["objective"] = "mart";
  EXPECT_FALSE(ParseTraining(other));
}

}  // namespace
}  // namespace archsweep
