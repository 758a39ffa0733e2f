#include "worker/trainer/attacks/sanity_checks.h"

#include <algorithm>

#include "base/text.h"
#include "worker/trainer/attacks/image_losses.h"

namespace archsweep {
namespace {

constexpr double kDirectionDifferenceMax = 1e-4;
constexpr double kProbabilityTolerance = 1e-5;
constexpr double kSquareShareMax = 0.002;  // Of all images.

bool IsTargeted(AttackPart part) { return part == AttackPart::kApgdT || part == AttackPart::kFabT; }

// Square found so many images that all the attacks before it had missed.
int64_t FoundBySquareAlone(const AutoAttackSettings& settings, const AutoAttackState& state) {
  // Alone it has nobody to be compared with.
  if (settings.parts.size() < 2) return 0;
  int64_t found = 0;
  for (size_t part = 0; part < settings.parts.size(); ++part) {
    const size_t stage = part + 1;
    if (settings.parts[part] != AttackPart::kSquare || stage >= state.stages.size()) continue;
    found += state.stages[stage].attacked - state.stages[stage].standing;
  }
  return found;
}

}  // namespace

bool LookRandom(std::span<const at::Tensor> logits, const at::Tensor& labels) {
  std::vector<at::Tensor> directions;
  for (const at::Tensor& each : logits) {
    directions.push_back(each / (each.norm(2, {1}, /*keepdim=*/true) + 1e-10));
    const auto right = [&](const at::Tensor& z) {
      return AreRight(z, labels).sum().item<int64_t>();
    };
    if (right(each) != right(logits.front())) return true;
    for (const at::Tensor& other : directions) {
      const double difference = (directions.back() - other).norm(2, {1}).max().item<double>();
      if (difference > kDirectionDifferenceMax) return true;
    }
  }
  return false;
}

bool LookLikeProbabilities(const at::Tensor& logits) {
  return logits.max().item<double>() < 1 + kProbabilityTolerance &&
         logits.min().item<double>() > -kProbabilityTolerance &&
         ((logits.sum(1) - 1).abs() < kProbabilityTolerance).all().item<bool>();
}

std::vector<std::string> SanityWarnings(const AutoAttackSettings& settings, int64_t classes,
                                        const AutoAttackState& state) {
  std::vector<std::string> warnings;
  if (state.looks_random) {
    warnings.push_back(
        "repeated passes over the same images disagree: the outputs seem to be random");
  }
  if (state.looks_like_probabilities) {
    warnings.push_back("the outputs seem to be probabilities, where attacks need logits");
  }
  if (TargetsOf(settings, classes) < settings.targets &&
      std::ranges::any_of(settings.parts, IsTargeted)) {
    warnings.push_back(
        Format("{} targets are asked for, but there are {} wrong classes: all of "
               "them are aimed at",
               settings.targets, classes - 1));
  }
  int64_t without_gradient = 0;
  for (const StageReport& stage : state.stages) without_gradient += stage.without_gradient;
  if (without_gradient > 0) {
    warnings.push_back(
        Format("at {} images a run of APGD began without a gradient: attacks by "
               "gradients may have missed them",
               without_gradient));
  }
  const int64_t by_square = FoundBySquareAlone(settings, state);
  const double share = static_cast<double>(by_square) / static_cast<double>(state.Images());
  if (share > kSquareShareMax) {
    warnings.push_back(
        Format("square broke {} images ({:.2f} %) that the attacks before it had "
               "missed: gradients may be masked",
               by_square, 100 * share));
  }
  return warnings;
}

}  // namespace archsweep
