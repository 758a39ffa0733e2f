#include "sweep/trial/training_setting.h"

#include <algorithm>

namespace archsweep {
namespace {

using T = TrainingSpec;

constexpr Bounds kPositive = {.min = 0, .without_min = true};
constexpr Bounds kNotNegative = {.min = 0};
constexpr Bounds kShare = {.min = 0, .max = 1};
constexpr Bounds kShareBelowOne = {.min = 0, .max = 1, .without_max = true};
constexpr Bounds kPositiveShare = {.min = 0, .max = 1, .without_min = true};
constexpr Bounds kRadius = {.min = 0, .max = 255, .without_min = true};

Bounds From(double min, double max) { return {.min = min, .max = max}; }

std::vector<TrainingSetting> FirstSettings() {
  return {{"objective", &T::objective, "what is made small", {}, {"trades", "sat", "mart"}},
          {"epochs", &T::epochs, "epochs", From(1, kEpochsMax), {}},
          {"batch_size",
           &T::batch_size,
           "images of a step, over all devices; an incomplete last one is dropped",
           From(1, kBatchSizeMax),
           {}},
          {"batch_norm_group",
           &T::batch_norm_group,
           "images that share batch statistics; each group has running statistics of its own",
           From(2, kBatchSizeMax),
           {}},
          {"learning_rate", &T::learning_rate, "the largest of the schedule", kPositive, {}},
          {"momentum", &T::momentum, "of SGD", kShareBelowOne, {}},
          {"weight_decay", &T::weight_decay, "of SGD", kNotNegative, {}},
          {"gradient_clip",
           &T::gradient_clip,
           "bound of the global L2 norm; 0: none",
           kNotNegative,
           {}},
          {"beta", &T::beta, "weight of the robust term", kNotNegative, {}},
          {"epsilon_255", &T::epsilon_255, "radius of the attack, in 1/255", kRadius, {}},
          {"attack_step_255", &T::attack_step_255, "its step, in 1/255", kRadius, {}},
          {"attack_steps", &T::attack_steps, "its steps", From(1, kAttackStepsMax), {}},
          {"augment", &T::augment, "random crops and flips", {}, {}}};
}

std::vector<TrainingSetting> LaterSettings() {
  return {
      {"schedule",
       &T::schedule,
       "a tenth from 75 % and a hundredth from 90 % of the epochs, or one cycle",
       {},
       {"step", "onecycle"}},
      {"warmup_share",
       &T::warmup_share,
       "share of the epochs in which one cycle rises",
       {.min = 0, .max = 1, .without_min = true, .without_max = true},
       {}},
      {"nesterov", &T::nesterov, "momentum of Nesterov", {}, {}},
      {"decay_norms",
       &T::decay_norms,
       "weight decay also of parameters with 'bn' in their name",
       {},
       {}},
      {"label_smoothing",
       &T::label_smoothing,
       "of the cross-entropy of natural images",
       kShareBelowOne,
       {}},
      {"attack_start", &T::attack_start, "where the attack begins", {}, {"normal", "uniform"}},
      {"attack_norms",
       &T::attack_norms,
       "statistics by which the attacked network is normalised",
       {},
       {"running", "batch"}},
      {"norm_updates",
       &T::norm_updates,
       "forward passes that move running statistics",
       {},
       {"both", "adversarial"}},
      {"norm_momentum", &T::norm_momentum, "of running statistics", kPositiveShare, {}},
      {"norm_momentum_first", &T::norm_momentum_first, "in the first step", kPositiveShare, {}},
      {"ema",
       &T::ema,
       "decay of the averaged weights, which are then the ones that are kept; 0: none",
       kShareBelowOne,
       {}},
      {"ema_warmup_epochs",
       &T::ema_warmup_epochs,
       "epochs in which they follow at once",
       From(0, kEpochsMax),
       {}},
      {"rotation_degrees",
       &T::rotation_degrees,
       "random rotation up to this angle",
       From(0, 180),
       {}},
      {"resized_crop", &T::resized_crop, "random resized crop instead of the padded one", {}, {}},
      {"color_jitter",
       &T::color_jitter,
       "strength for brightness, contrast and saturation; half of it for hue",
       kShare,
       {}},
      {"cutmix", &T::cutmix, "mix images of a batch by boxes", {}, {}},
      {"extra_fraction",
       &T::extra_fraction,
       "share of a batch that comes from the extra images of the data set",
       kShareBelowOne,
       {}},
      {"selection",
       &T::selection,
       "images on which the best checkpoint is chosen",
       {},
       {"none", "test", "heldout"}},
      {"selection_start",
       &T::selection_start,
       "share of the epochs after which it begins",
       kShareBelowOne,
       {}},
      {"heldout_images",
       &T::heldout_images,
       "training images that are held out",
       From(1, kBatchSizeMax),
       {}},
      {"heldout_split", &T::heldout_split, "which ones", {}, {"seeded", "first"}}};
}

std::vector<TrainingSetting> MakeSettings() {
  std::vector<TrainingSetting> settings = FirstSettings();
  for (TrainingSetting& later : LaterSettings()) {
    later.always_written = false;
    settings.push_back(std::move(later));
  }
  return settings;
}

}  // namespace

std::span<const TrainingSetting> TrainingSettings() {
  static const std::vector<TrainingSetting> kSettings = MakeSettings();
  return kSettings;
}

const TrainingSetting* FindTrainingSetting(std::string_view key) {
  const auto settings = TrainingSettings();
  const auto found = std::ranges::find(settings, key, &TrainingSetting::key);
  return found == settings.end() ? nullptr : &*found;
}

bool HasEffect(const TrainingSetting& setting, const TrainingSpec& spec) {
  const std::string& key = setting.key;
  if (key == "warmup_share") return spec.schedule == Schedule::kOneCycle;
  if (key == "momentum") return spec.schedule != Schedule::kOneCycle;
  if (key == "beta" || key == "norm_updates") return spec.objective != Objective::kSat;
  if (key == "label_smoothing") return spec.objective == Objective::kTrades;
  if (key == "ema_warmup_epochs") return spec.ema > 0;
  if (key == "resized_crop") return spec.augment;
  if (key == "selection_start") return spec.selection != Selection::kNone;
  if (key == "heldout_images" || key == "heldout_split") {
    return spec.selection == Selection::kHeldout;
  }
  return true;
}

}  // namespace archsweep
