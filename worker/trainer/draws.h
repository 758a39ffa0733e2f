#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace archsweep {

// All randomness after the initial weights: pure functions of what is drawn for, by the
// counter-based generator Philox 4x32-10 (Salmon et al., SC 2011). Nothing depends on the order of
// drawing, on threads, on how a batch is cut, and there is no state to keep.

// What a draw is for; numbers are for ever, for they change results.
enum class DrawPurpose : uint32_t {
  kShuffle = 1,          // The order of the training images of an epoch.
  kAugmentation = 2,     // How a training image is changed (augmentation_draws.h).
  kTrainingStart = 3,    // Where the training attack begins.
  kEvaluationStart = 4,  // Where the attack of an evaluation begins.
  kHeldOut = 32,         // Which training images are held out.
  kExtraImages = 33,     // The extra images of a step.
  kBatchOrder = 34,      // The order in a batch with extra images.
  kCutMixPartner = 35,   // Which images of a batch are mixed.
  kCutMix = 36,          // By which box.
};

struct DrawKey {
  uint64_t seed = 0;  // Of the trial.
  DrawPurpose purpose{};
  uint64_t step = 0;  // Training step, or epoch for kShuffle, 0 in evaluations; below 2^56.
};

// Block `block` of a sample: the generator under the key (seed's low half, high half) at the
// counter (block, sample, step's low half, step's high half + purpose * 2^24).
std::array<uint32_t, 4> DrawBlock(const DrawKey& key, uint32_t sample, uint32_t block);

// Values in [0, 1): value i is word i % 4 of block i / 4, its upper 24 bits times 2^-24.
void DrawUniform(const DrawKey& key, uint32_t sample, std::span<float> values);

// Standard normal values by Box and Muller: of each two words a, b, with
// r = sqrt(-2 ln((a / 2^8 + 1) * 2^-24)) and t = 2 pi (b / 2^8) * 2^-24 (integer divisions), come
// r cos t and r sin t.
void DrawNormal(const DrawKey& key, uint32_t sample, std::span<float> values);

// The numbers 0 .. count - 1 in random order: sorted by the first two words of their blocks 0.
std::vector<int64_t> DrawPermutation(const DrawKey& key, int64_t count);

// Value i is word i % 4 of block i / 4 of sample 0, scaled to 0 .. end - 1, each nearly equally
// likely. `end` is at most 2^32.
std::vector<int64_t> DrawIntegers(const DrawKey& key, int64_t count, int64_t end);

// A word as a number in [0, 1), and in 0 .. end - 1, each nearly equally likely.
double UnitOf(uint32_t word);
int64_t IntegerOf(uint32_t word, int64_t end);

}  // namespace archsweep
