#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/choose_network.h"
#include "sweep/trial/evaluation.h"
#include "sweep/trial/sweep.h"

namespace archsweep {

// What a person asks to be measured. The settings hold for every attack that has them.
struct AttackRequest {
  std::string attacks;  // Names, separated by commas.
  std::optional<int64_t> images;
  std::optional<int64_t> batch;
  std::optional<int64_t> seed;
  std::string savings;
};

// The attacks by name. kInvalidInput with all mistakes: unknown names, and settings that none of
// the attacks has.
Result<std::vector<AttackKind>> ReadAttacks(const AttackRequest& request);

// A sweep of one imported network with an evaluation per attack, expanded from the text that says
// so. It is named after its trial, so that the same question goes on with what is there.
// kInvalidInput names values that a sweep cannot have.
Result<ExpandedSweep> ImportSweep(const std::string& weights_sha256, const NetworkChoice& choice,
                                  const std::vector<AttackKind>& attacks,
                                  const AttackRequest& request, const Resources& resources);

}  // namespace archsweep
