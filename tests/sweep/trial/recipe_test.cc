#include "sweep/trial/recipe.h"

#include <gtest/gtest.h>

namespace archsweep {
namespace {

TEST(Recipe, IsPossibleAndReadsBackWhatItWrites) {
  for (const Recipe& recipe : Recipes()) {
    EXPECT_TRUE(Problems(recipe.training).empty()) << recipe.name;
    EXPECT_EQ(ParseTraining(ToJson(recipe.training)).value(), recipe.training) << recipe.name;
  }
}

TEST(Recipe, BatIsTheDefaultsWithThePapersSelection) {
  TrainingSpec training = RecipeByName("bat").value().training;
  EXPECT_EQ(training.selection, Selection::kTest);
  training.selection = Selection::kNone;
  EXPECT_EQ(training, TrainingSpec{});
}

TEST(Recipe, UnknownNamesGetTheNearestOne) {
  const auto recipe = RecipeByName("atb");
  ASSERT_FALSE(recipe);
  EXPECT_NE(recipe.error().message.find("bat, bat-heldout, aat, quick"), std::string::npos)
      << recipe.error().message;
}

TEST(Recipe, AugmentsAsTheDataSetAsks) {
  EXPECT_EQ(AugmentedFor("cifar10", {}), TrainingSpec{});
  EXPECT_EQ(AugmentedFor("cifar100", {}).rotation_degrees, 20);
  EXPECT_TRUE(AugmentedFor("tiny-imagenet", {}).resized_crop);
  const TrainingSpec plain{.augment = false};
  EXPECT_EQ(AugmentedFor("cifar100", plain), plain);
}

}  // namespace
}  // namespace archsweep
