#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace archsweep {

inline constexpr int kEpochsMax = 100'000;
inline constexpr int kBatchSizeMax = 1 << 20;
inline constexpr int kAttackStepsMax = 10'000;

// What the training makes small (reference, section 5.1).
enum class Objective { kTrades, kSat, kMart };

// How the learning rate goes (sweep/trial/schedule.h).
enum class Schedule { kStep, kOneCycle };

// Where the training attack begins. kNormal: the images plus a normal draw of deviation 0.001 for
// TRADES and of one attack step for SAT and MART, not clamped. kUniform: uniform in the ball,
// clamped to [0, 1].
enum class AttackStart { kNormal, kUniform };

// By which statistics the network is normalised while it is attacked in training: the running ones,
// or those of the batch, which then move nothing.
enum class AttackNorms { kRunning, kBatch };

// Which forward passes of the outer step move the running statistics, where there are two.
enum class NormUpdates { kBoth, kAdversarial };

// On which images PGD-20 chooses the best checkpoint: none, the test set as the paper did, or
// training images that are held out.
enum class Selection { kNone, kTest, kHeldout };

// Which training images are held out: drawn by the seed, or the first ones as the official code
// does for AAT.
enum class HeldoutSplit { kSeeded, kFirst };

// How a network is trained adversarially. The defaults are the recipe of all tables of the paper
// (section 3; reference, section 5.1) without its selection. What each member means is said once,
// in TrainingSettings().
struct TrainingSpec {
  Objective objective = Objective::kTrades;
  int epochs = 100;
  int batch_size = 128;
  int batch_norm_group = 64;
  Schedule schedule = Schedule::kStep;
  double learning_rate = 0.1;
  double warmup_share = 0.025;
  double momentum = 0.9;
  bool nesterov = false;
  double weight_decay = 2e-4;
  bool decay_norms = true;
  double gradient_clip = 5.0;
  double beta = 6.0;
  double label_smoothing = 0;
  double epsilon_255 = 8.0;
  double attack_step_255 = 2.0;
  int attack_steps = 10;
  AttackStart attack_start = AttackStart::kNormal;
  AttackNorms attack_norms = AttackNorms::kRunning;
  NormUpdates norm_updates = NormUpdates::kBoth;
  double norm_momentum = 0.1;
  double norm_momentum_first = 0.1;
  double ema = 0;
  int ema_warmup_epochs = 0;
  bool augment = true;
  double rotation_degrees = 0;
  bool resized_crop = false;
  double color_jitter = 0;
  bool cutmix = false;
  double extra_fraction = 0;
  Selection selection = Selection::kNone;
  double selection_start = 0.5;
  int heldout_images = 1024;
  HeldoutSplit heldout_split = HeldoutSplit::kSeeded;
  friend bool operator==(const TrainingSpec&, const TrainingSpec&) = default;
};

// Everything that is impossible; each problem is a sentence that begins with the key of a setting.
std::vector<std::string> Problems(const TrainingSpec& spec);

// The canonical form: the settings that the first version had, and of later ones those that differ
// from their default.
Json ToJson(const TrainingSpec& spec);

// kInvalidInput names what is missing or has another type; unknown keys are left to the caller, who
// compares with ToJson.
Result<TrainingSpec> ParseTraining(const Json& json);

// Whether a training chooses a best checkpoint beside its last one.
inline bool HasBest(const TrainingSpec& spec) { return spec.selection != Selection::kNone; }

}  // namespace archsweep
