#include "sweep/trial/recipe.h"

#include <vector>

#include "base/text.h"

namespace archsweep {
namespace {

// Advanced adversarial training (paper, section 4.4; reference, section 5.2). Its networks use SiLU
// and pre_process, and 70 % pseudo-labelled extra images: dataset.extra and extra_fraction.
TrainingSpec AdvancedTraining() {
  return {.epochs = 400,
          .batch_size = 1024,
          .batch_norm_group = 128,
          .schedule = Schedule::kOneCycle,
          .learning_rate = 0.4,
          .nesterov = true,
          .weight_decay = 5e-4,
          .decay_norms = false,
          .gradient_clip = 0,
          .label_smoothing = 0.1,
          .attack_start = AttackStart::kUniform,
          .attack_norms = AttackNorms::kBatch,
          .norm_updates = NormUpdates::kAdversarial,
          .norm_momentum = 0.01,
          .norm_momentum_first = 1.0,
          .ema = 0.995,
          .ema_warmup_epochs = 10,
          .selection = Selection::kHeldout,
          .selection_start = 0,
          .heldout_split = HeldoutSplit::kFirst};
}

std::vector<Recipe> MakeRecipes() {
  return {{"bat",
           "the paper's tables: TRADES, 100 epochs, best checkpoint chosen on the test set",
           {.selection = Selection::kTest}},
          {"bat-heldout",
           "the same, best checkpoint chosen on training images that are held out",
           {.selection = Selection::kHeldout}},
          {"aat", "advanced training: 400 epochs, one cycle, averaged weights", AdvancedTraining()},
          {"quick",
           "screening, this project's choice: 15 epochs of one cycle, attack of 5 steps",
           {.epochs = 15,
            .schedule = Schedule::kOneCycle,
            .learning_rate = 0.2,
            .warmup_share = 0.3,
            .attack_steps = 5}}};
}

}  // namespace

std::span<const Recipe> Recipes() {
  static const std::vector<Recipe> kRecipes = MakeRecipes();
  return kRecipes;
}

Result<Recipe> RecipeByName(std::string_view name) {
  std::vector<std::string> names;
  for (const Recipe& recipe : Recipes()) {
    if (recipe.name == name) return recipe;
    names.push_back(recipe.name);
  }
  return Fail(ErrorKind::kInvalidInput, Format("unknown recipe '{}'{}; known are: {}", name,
                                               Suggestion(name, names), Join(names, ", ")));
}

std::span<const std::string> KeysSetByDataset() {
  static const std::vector<std::string> kKeys = {"rotation_degrees", "resized_crop",
                                                 "color_jitter"};
  return kKeys;
}

TrainingSpec AugmentedFor(std::string_view dataset, const TrainingSpec& training) {
  TrainingSpec augmented = training;
  if (!training.augment) return augmented;
  if (dataset == "cifar100") augmented.rotation_degrees = 20;
  if (dataset == "tiny-imagenet") {
    augmented.resized_crop = true;
    augmented.color_jitter = 0.4;
  }
  return augmented;
}

}  // namespace archsweep
