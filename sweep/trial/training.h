#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace archsweep {

inline constexpr int kEpochsMax = 100'000;
inline constexpr int kBatchSizeMax = 1 << 20;
inline constexpr int kAttackStepsMax = 10'000;

// How a network is trained: TRADES with an attack by projected gradient ascent on the KL divergence
// (paper, section 3; reference recipe "BAT"). The defaults are the recipe of all tables of the
// paper.
struct TrainingSpec {
  int epochs = 100;
  int batch_size = 128;  // Global; an incomplete last batch of an epoch is dropped.
  int batch_norm_group =
      64;  // Images that share batch statistics; each group keeps running statistics of its own.
  double learning_rate = 0.1;
  double momentum = 0.9;
  double weight_decay = 2e-4;    // On every parameter that has a gradient.
  double gradient_clip = 5.0;    // Bound of the global L2 norm.
  double beta = 6.0;             // Weight of the robust term.
  double epsilon_255 = 8.0;      // Radius of the L-infinity ball, in 1/255.
  double attack_step_255 = 2.0;  // In 1/255.
  int attack_steps = 10;
  bool augment = true;  // Random crop after zero padding by 4, and horizontal flip.
  friend bool operator==(const TrainingSpec&, const TrainingSpec&) = default;
};

// The learning rate falls to a tenth at 75 % of the epochs and to a hundredth at 90 % (paper,
// section 3). `epoch` counts from 0.
double LearningRate(const TrainingSpec& spec, int epoch);

std::vector<std::string> Problems(const TrainingSpec& spec);
Json ToJson(const TrainingSpec& spec);
Result<TrainingSpec> ParseTraining(const Json& json);

}  // namespace archsweep
