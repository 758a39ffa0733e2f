#include "coordinator/scheduler/ready_queue.h"

#include <bit>
#include <iterator>

#include "base/check.h"

namespace archsweep {
namespace {

// Eight classes between a size and its double.
int MemoryClass(int64_t bytes) {
  constexpr int kFractionBits = 3;
  if (bytes <= 1 << kFractionBits) return 0;
  const int width = std::bit_width(static_cast<uint64_t>(bytes));
  const auto fraction = static_cast<int>(bytes >> (width - 1 - kFractionBits));
  return (width << kFractionBits) + fraction;
}

}  // namespace

double SpreadPlace(int ordinal) {
  double place = 0;
  double digit = 0.5;
  for (auto rest = static_cast<unsigned>(ordinal); rest > 0; rest >>= 1, digit /= 2) {
    if ((rest & 1) != 0) place += digit;
  }
  return place;
}

ReadyGroup GroupOf(const Task& task, SweepKey sweep) {
  return {sweep, task.spec.id.kind == TaskKind::kTrain, MemoryClass(task.spec.memory)};
}

ReadyKey KeyOf(const Task& task, const Membership& membership, const QueuePolicy& queue) {
  const bool spread = queue.order == SweepOrder::kSpread;
  return {.priority = queue.priority,
          .trains = task.spec.id.kind == TaskKind::kTrain,
          .place = spread ? SpreadPlace(membership.ordinal) : -task.spec.work,
          .sweep = membership.sweep,
          .ordinal = membership.ordinal,
          .task = task.spec.id};
}

void ReadyQueue::Insert(const ReadyGroup& group, const ReadyKey& key) {
  CHECK(groups_[group].insert(key).second);
}

void ReadyQueue::Erase(const ReadyGroup& group, const ReadyKey& key) {
  const auto found = groups_.find(group);
  CHECK(found != groups_.end() && found->second.erase(key) == 1);
  if (found->second.empty()) groups_.erase(found);
}

bool ReadyQueue::Contains(const ReadyGroup& group, const ReadyKey& key) const {
  const auto found = groups_.find(group);
  return found != groups_.end() && found->second.contains(key);
}

std::optional<ReadyGroup> ReadyQueue::First(
    const std::function<bool(const ReadyGroup&)>& blocked) const {
  const std::pair<const ReadyGroup, std::set<ReadyKey>>* first = nullptr;
  for (const auto& entry : groups_) {
    if (first != nullptr && !(*entry.second.begin() < *first->second.begin())) continue;
    if (!blocked(entry.first)) first = &entry;
  }
  if (first == nullptr) return std::nullopt;
  return first->first;
}

int64_t ReadyQueue::CountBefore(const ReadyKey& key) const {
  int64_t count = 0;
  for (const auto& [group, tasks] : groups_) {
    count += std::distance(tasks.begin(), tasks.lower_bound(key));
  }
  return count;
}

}  // namespace archsweep
