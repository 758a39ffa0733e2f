#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "worker/trainer/attacks/attacked_network.h"

namespace archsweep {

// The attacks that AutoAttack is made of (reference, section 1.1).
enum class AttackPart { kApgdCe, kApgdDlr, kApgdT, kFabT, kSquare };

std::string_view NameOf(AttackPart part);

// A chain of attacks, each on what the earlier ones left.
struct AutoAttackSettings {
  // Version "standard"; the script of the paper ran the first two.
  std::vector<AttackPart> parts = {AttackPart::kApgdCe, AttackPart::kApgdT, AttackPart::kFabT,
                                   AttackPart::kSquare};
  double epsilon = 8.0 / 255;  // In the units of the images.
  int steps = 100;             // Of each run of APGD and FAB.
  int restarts = 1;            // Runs of each attack, or to each target.
  int targets = 9;             // More than there are wrong classes: all of them.
  int queries = 5000;          // Of each run of Square.
  int64_t batch = 250;         // Images that are attacked together: decides about draws.
  uint64_t seed = 0;           // The generator starts with it for every attack and batch.
  bool saves_passes = true;    // As BatchAttackOptions says.
};

// Everything that makes the chain impossible with so many classes; each a sentence.
std::vector<std::string> Problems(const AutoAttackSettings& settings, int64_t classes);

// Wrong classes that are aimed at.
int TargetsOf(const AutoAttackSettings& settings, int64_t classes);

// Passes of the reference for an image that stands until the end of the part, the final verdict
// included (reference, section 1.7). No attack makes more.
PassCounts PassesPerImage(const AutoAttackSettings& settings, int64_t classes, AttackPart part);

// Passes over the first batch before the clean one: by its checks for random outputs, for
// probabilities in place of logits, and for gradients inside the network.
inline constexpr int64_t kChecksOfReference = 7;

}  // namespace archsweep
