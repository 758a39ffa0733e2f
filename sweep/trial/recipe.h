#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "sweep/trial/training.h"

namespace archsweep {

// A training by name. Every setting of it can be overridden.
struct Recipe {
  std::string name;
  std::string summary;
  TrainingSpec training;
};

std::span<const Recipe> Recipes();

// kInvalidInput with the nearest name if there is none of that name.
Result<Recipe> RecipeByName(std::string_view name);

// Settings of the augmentation that a data set has where a sweep file gives none (reference,
// section 5.1): rotation for CIFAR-100; resized crops and colour jitter for Tiny-ImageNet.
std::span<const std::string> KeysSetByDataset();
TrainingSpec AugmentedFor(std::string_view dataset, const TrainingSpec& training);

}  // namespace archsweep
