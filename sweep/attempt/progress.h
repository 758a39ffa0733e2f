#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "sweep/attempt/failure.h"

namespace archsweep {

inline constexpr int kProgressVersion = 1;
inline constexpr size_t kProgressLineBytesMax = 16 * 1024;

// What made the numbers of an attempt.
struct StartedLine {
  std::string version;    // Of the trainer, with its git id.
  std::string libraries;  // "torch 2.11.0 ...".
  std::string device;     // Name of the processor or GPU.
  int threads = 1;
  int64_t resumed_step = 0;  // 0: from the start.
  friend bool operator==(const StartedLine&, const StartedLine&) = default;
};

// Sign of life, at most a few a second. For an evaluation a step is a batch of images or,
// where AutoAttack or a part of it attacks, a pass of an image, of which there are `steps` at most.
struct StepLine {
  int64_t step = 0;   // Steps done.
  int64_t steps = 0;  // Steps in all.
  double loss = 0;    // Of the newest step that was read; 0 for an evaluation.
  double images_per_second = 0;
  friend bool operator==(const StepLine&, const StepLine&) = default;
};

// Means over the steps of one epoch; NaN and infinity are carried as null, which stands for "not a
// number".
struct EpochLine {
  int epoch = 0;  // Counted from 1 when it is done.
  double loss = 0;
  double natural_loss = 0;
  double robust_loss = 0;  // Without the factor beta.
  double natural_accuracy = 0;
  double robust_accuracy = 0;  // Of the images of the training attack.
  double learning_rate = 0;
  double seconds = 0;
  // Where the recipe selects: of the images by which it does, clean and after PGD-20.
  std::optional<double> clean_accuracy;
  std::optional<double> pgd20_accuracy;
  // Of the last training images after FGSM. It rises while the robust accuracy falls where the
  // network overfits to its attack, and lies below it where gradients are masked.
  std::optional<double> train_fgsm_accuracy;
  friend bool operator==(const EpochLine&, const EpochLine&) = default;
};

// A checkpoint that is durable. What an evaluation keeps to go on from has no weights, and no
// digest here.
struct CheckpointLine {
  int64_t step = 0;
  std::string folder;
  std::string model_sha256;
  friend bool operator==(const CheckpointLine&, const CheckpointLine&) = default;
};

// The weights that the selection of a training found best.
struct BestCheckpoint {
  std::string folder;
  std::string model_sha256;
  int64_t step = 0;
  int epoch = 0;
  double accuracy = 0;  // By which it was selected: after PGD-20.
  friend bool operator==(const BestCheckpoint&, const BestCheckpoint&) = default;
};

// The end of a training; diverged: the loss became infinite or not a number, which is a fact about
// the network.
struct TrainedLine {
  int64_t steps = 0;
  bool diverged = false;
  double seconds = 0;  // Of all attempts, as far as the work of each is in the next.
  std::string folder;  // Of the last checkpoint; empty if diverged.
  std::string model_sha256;
  std::optional<BestCheckpoint> best;  // Where the recipe selects; absent if diverged.
  friend bool operator==(const TrainedLine&, const TrainedLine&) = default;
};

// A safetensors file about every image of an evaluation: `margin` f32[n], logit of the label minus
// the largest other one; `broken_by` u8[n], from 1 the number of the attack in the order in which
// they ran, 0: none.
struct ArtifactRef {
  std::string file;  // The trainer gives a name in the attempt's folder; the agent moves the file
                     // below the shared folder, and what it tells is relative to that.
  std::string sha256;
  friend bool operator==(const ArtifactRef&, const ArtifactRef&) = default;
};

inline constexpr size_t kWarningsMax = 10;
inline constexpr size_t kWarningBytesMax = 200;

// The end of an evaluation. Flags of single images are in a file of the attempt's folder: bit i of
// byte i / 8, lowest first, is set if image i is classified right after the attack.
struct EvaluatedLine {
  int64_t images = 0;
  int64_t correct = 0;
  double loss = 0;         // Mean cross-entropy after the attack.
  double seconds = 0;      // Likewise.
  std::string flags_file;  // A name in the attempt's folder.
  // What the attack noticed about the network, such as gradients that are zero. Texts beyond
  // kWarningsMax are dropped, and what of one is beyond kWarningBytesMax.
  std::vector<std::string> warnings;
  // Passes of one image each that the attack made, and those that it saved.
  int64_t forward_images = 0;
  int64_t backward_images = 0;
  int64_t saved_images = 0;
  std::optional<ArtifactRef> artifact;
  friend bool operator==(const EvaluatedLine&, const EvaluatedLine&) = default;
};

struct FailedLine {
  Failure failure;
  friend bool operator==(const FailedLine&, const FailedLine&) = default;
};

using ProgressLine = std::variant<StartedLine, StepLine, EpochLine, CheckpointLine, TrainedLine,
                                  EvaluatedLine, FailedLine>;

// Whether nothing may follow the line.
bool IsFinal(const ProgressLine& line);

// What a line says, without its version and type.
Json FieldsOf(const ProgressLine& line);

// One line of JSON with its newline, at most kProgressLineBytesMax.
std::string ToText(const ProgressLine& line);

// Reads one line, with or without its newline. kInvalidInput names what is wrong; the caller counts
// and drops it.
Result<ProgressLine> ParseProgress(std::string_view line);

}  // namespace archsweep
