#include "worker/trainer/attacks/autoattack_settings.h"

#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "worker/trainer/attacks/image_losses.h"

namespace archsweep {
namespace {

int64_t ClassesMin(AttackPart part) {
  switch (part) {
    case AttackPart::kApgdDlr:
      return kClassesOfRatioMin;
    case AttackPart::kApgdT:
      return kClassesOfTargetedRatioMin;
    case AttackPart::kApgdCe:
    case AttackPart::kFabT:
    case AttackPart::kSquare:
      return 2;
  }
  CHECK(false);
}

}  // namespace

std::string_view NameOf(AttackPart part) {
  switch (part) {
    case AttackPart::kApgdCe:
      return "apgd_ce";
    case AttackPart::kApgdDlr:
      return "apgd_dlr";
    case AttackPart::kApgdT:
      return "apgd_t";
    case AttackPart::kFabT:
      return "fab_t";
    case AttackPart::kSquare:
      return "square";
  }
  CHECK(false);
}

std::vector<std::string> Problems(const AutoAttackSettings& settings, int64_t classes) {
  std::vector<std::string> problems;
  for (const AttackPart part : settings.parts) {
    if (classes >= ClassesMin(part)) continue;
    problems.push_back(Format("{} needs at least {} classes, but the network has {}", NameOf(part),
                              ClassesMin(part), classes));
  }
  return problems;
}

int TargetsOf(const AutoAttackSettings& settings, int64_t classes) {
  return static_cast<int>(std::min<int64_t>(settings.targets, classes - 1));
}

PassCounts PassesPerImage(const AutoAttackSettings& settings, int64_t classes, AttackPart part) {
  const int64_t steps = settings.steps;
  const int64_t restarts = settings.restarts;
  const int64_t targeted = restarts * TargetsOf(settings, classes);
  // Before the first run, for the images that are right; behind the last, for the verdict.
  constexpr int64_t kAround = 2;
  switch (part) {
    case AttackPart::kApgdCe:
    case AttackPart::kApgdDlr:
      return {.forward_only = kAround, .with_gradient = restarts * (steps + 1)};
    case AttackPart::kApgdT:
      return {.forward_only = kAround + targeted, .with_gradient = targeted * (steps + 1)};
    case AttackPart::kFabT:
      return {.forward_only = kAround + targeted * (steps + 3), .with_gradient = targeted * steps};
    case AttackPart::kSquare:
      return {.forward_only = kAround + restarts * (settings.queries + 2), .with_gradient = 0};
  }
  CHECK(false);
}

}  // namespace archsweep
