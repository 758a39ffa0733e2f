#include "sweep/trial/training.h"

#include "base/text.h"

namespace archsweep {

double LearningRate(const TrainingSpec& spec, int epoch) {
  // Integer arithmetic, so that the thresholds fall on the same epochs for every number of epochs.
  if (int64_t{epoch} * 100 >= int64_t{spec.epochs} * 90) return spec.learning_rate * 0.01;
  if (int64_t{epoch} * 100 >= int64_t{spec.epochs} * 75) return spec.learning_rate * 0.1;
  return spec.learning_rate;
}

std::vector<std::string> Problems(const TrainingSpec& spec) {
  std::vector<std::string> problems;
  const auto require = [&](bool holds, std::string problem) {
    if (!holds) problems.push_back(std::move(problem));
  };
  require(spec.epochs >= 1 && spec.epochs <= kEpochsMax,
          Format("epochs is {}; it must be from 1 to {}", spec.epochs, kEpochsMax));
  require(spec.batch_size >= 1 && spec.batch_size <= kBatchSizeMax,
          Format("batch_size is {}; it must be from 1 to {}", spec.batch_size, kBatchSizeMax));
  require(spec.batch_norm_group >= 2,
          Format("batch_norm_group is {}; it must be at least 2", spec.batch_norm_group));
  require(spec.batch_norm_group < 1 || spec.batch_size % spec.batch_norm_group == 0,
          Format("batch_size {} is not a multiple of batch_norm_group {}", spec.batch_size,
                 spec.batch_norm_group));
  require(spec.learning_rate > 0,
          Format("learning_rate is {}; it must be above 0", spec.learning_rate));
  require(spec.momentum >= 0 && spec.momentum < 1,
          Format("momentum is {}; it must be from 0 to below 1", spec.momentum));
  require(spec.weight_decay >= 0,
          Format("weight_decay is {}; it must not be negative", spec.weight_decay));
  require(spec.gradient_clip > 0,
          Format("gradient_clip is {}; it must be above 0", spec.gradient_clip));
  require(spec.beta >= 0, Format("beta is {}; it must not be negative", spec.beta));
  require(spec.epsilon_255 > 0 && spec.epsilon_255 <= 255,
          Format("epsilon_255 is {}; it must be above 0 and at most 255", spec.epsilon_255));
  require(
      spec.attack_step_255 > 0 && spec.attack_step_255 <= 255,
      Format("attack_step_255 is {}; it must be above 0 and at most 255", spec.attack_step_255));
  require(
      spec.attack_steps >= 1 && spec.attack_steps <= kAttackStepsMax,
      Format("attack_steps is {}; it must be from 1 to {}", spec.attack_steps, kAttackStepsMax));
  return problems;
}

Json ToJson(const TrainingSpec& spec) {
  return {{"objective", "trades"},
          {"epochs", spec.epochs},
          {"batch_size", spec.batch_size},
          {"batch_norm_group", spec.batch_norm_group},
          {"learning_rate", spec.learning_rate},
          {"momentum", spec.momentum},
          {"weight_decay", spec.weight_decay},
          {"gradient_clip", spec.gradient_clip},
          {"beta", spec.beta},
          {"epsilon_255", spec.epsilon_255},
          {"attack_step_255", spec.attack_step_255},
          {"attack_steps", spec.attack_steps},
          {"augment", spec.augment}};
}

Result<TrainingSpec> ParseTraining(const Json& json) {
  TrainingSpec spec;
  try {
    if (json.at("objective") != "trades") {
      return Fail(ErrorKind::kInvalidInput,
                  Format("training objective {} is not known to this version",
                         json.at("objective").dump()));
    }
    json.at("epochs").get_to(spec.epochs);
    json.at("batch_size").get_to(spec.batch_size);
    json.at("batch_norm_group").get_to(spec.batch_norm_group);
    json.at("learning_rate").get_to(spec.learning_rate);
    json.at("momentum").get_to(spec.momentum);
    json.at("weight_decay").get_to(spec.weight_decay);
    json.at("gradient_clip").get_to(spec.gradient_clip);
    json.at("beta").get_to(spec.beta);
    json.at("epsilon_255").get_to(spec.epsilon_255);
    json.at("attack_step_255").get_to(spec.attack_step_255);
    json.at("attack_steps").get_to(spec.attack_steps);
    json.at("augment").get_to(spec.augment);
  } catch (const Json::exception& error) {
    return Fail(ErrorKind::kInvalidInput, Format("training settings: {}", error.what()));
  }
  return spec;
}

}  // namespace archsweep
