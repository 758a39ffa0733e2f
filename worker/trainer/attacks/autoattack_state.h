#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "worker/trainer/attacks/autoattack_settings.h"
#include "worker/trainer/model.h"

namespace archsweep {

// What a stage of the chain did so far.
struct StageReport {
  int64_t attacked = 0;  // Images when it began.
  int64_t standing = 0;  // Images that are right after it.
  PassLedger passes;
  int64_t without_gradient = 0;  // Images at which a run began without a gradient.
  friend bool operator==(const StageReport&, const StageReport&) = default;
};

// How far a chain has come: a plain value, the same on all ranks, from which it goes on with the
// same draws and verdicts. Stage 0 is the clean pass, stage i the i-th attack, counted from 1.
struct AutoAttackState {
  static constexpr int64_t kStanding = -1;

  int64_t stage = 0;         // The one under way; behind the last one: finished.
  int64_t batches_done = 0;  // Of that stage.
  // By image: the stage that broke it, 0 where it is wrong by itself, or kStanding.
  std::vector<int64_t> broken_by;
  // By image: the margin (image_losses.h) at the image that broke it, or the least that any attack
  // saw inside the ball.
  std::vector<double> margins;
  // Images whose margin was within kDoubtfulMargin of 0 after a stage, in ascending order: rounding
  // decides about them.
  std::vector<int64_t> doubtful;
  std::vector<StageReport> stages;  // By stage, as far as they have begun.
  bool looks_random = false;
  bool looks_like_probabilities = false;
  double seconds = 0;  // That earlier attempts took for it.

  int64_t Images() const { return static_cast<int64_t>(broken_by.size()); }
  int64_t Standing() const;
  friend bool operator==(const AutoAttackState&, const AutoAttackState&) = default;
};

// Nothing done yet.
AutoAttackState NewAutoAttack(int64_t images);

// The images that the stage under way attacks, in ascending order.
std::vector<int64_t> AttackedImages(const AutoAttackState& state);

// The whole state, to be kept in a safetensors file.
NamedTensors ToTensors(const AutoAttackState& state);

// kCorrupt if it is not the state of such a chain over so many images.
Result<AutoAttackState> ParseAutoAttackState(const NamedTensors& tensors,
                                             const AutoAttackSettings& settings, int64_t images);

}  // namespace archsweep
