#include "tests/coordinator/simulation/sweeps.h"

#include <array>

#include "tests/coordinator/sweep_fixture.h"

namespace archsweep {
namespace {

// The trials `first` .. `last` of the small ones.
std::shared_ptr<const ExpandedSweep> Part(const std::string& name, size_t first, size_t last,
                                          const Resources& resources, const QueuePolicy& queue) {
  const ExpandedSweep whole = SmallSweep(static_cast<int>(last) + 1, name);
  auto sweep = std::make_shared<ExpandedSweep>();
  sweep->name = name;
  sweep->text = whole.text;
  sweep->resources = resources;
  sweep->queue = queue;
  for (size_t i = first; i <= last; ++i) {
    sweep->trials.push_back(whole.trials[i]);
    sweep->evaluations.push_back(whole.evaluations[i]);
  }
  return sweep;
}

}  // namespace

std::shared_ptr<const ExpandedSweep> SweepVersion(size_t version) {
  static const std::array<std::shared_ptr<const ExpandedSweep>, 6> kVersions = {
      Part("first", 0, 5, {}, {}),
      Part("second", 4, 8, {}, {.order = SweepOrder::kSpread, .priority = 2, .running_max = 2}),
      Part("first", 2, 7, {}, {.failed_max = 2}),
      Part("wide", 9, 11, {.ranks = 2}, {.priority = 1}),
      Part("shared", 12, 15, {.gpus = 1, .share = 3}, {}),
      Part("urgent", 16, 18, {}, {.priority = 3})};
  return kVersions.at(version);
}

}  // namespace archsweep
