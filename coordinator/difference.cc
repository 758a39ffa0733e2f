#include "coordinator/difference.h"

#include <set>

namespace archsweep {
namespace {

template <class Id>
void Compare(const std::vector<Id>& before, const std::vector<Id>& after, std::vector<Id>& added,
             std::vector<Id>& withdrawn, std::vector<Id>& kept) {
  const std::set<Id> old(before.begin(), before.end());
  const std::set<Id> now(after.begin(), after.end());
  for (const Id& id : after) (old.contains(id) ? kept : added).push_back(id);
  for (const Id& id : before) {
    if (!now.contains(id)) withdrawn.push_back(id);
  }
}

}  // namespace

SweepDifference DifferenceOf(const SweepIds& before, const ExpandedSweep& after) {
  SweepIds now;
  for (const SweepTrial& trial : after.trials) now.trials.push_back(trial.id);
  for (const EvaluationSpec& evaluation : after.evaluations) {
    now.evaluations.push_back(IdOf(evaluation));
  }
  SweepDifference difference;
  Compare(before.trials, now.trials, difference.added.trials, difference.withdrawn.trials,
          difference.kept.trials);
  Compare(before.evaluations, now.evaluations, difference.added.evaluations,
          difference.withdrawn.evaluations, difference.kept.evaluations);
  return difference;
}

}  // namespace archsweep
