#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "coordinator/scheduler/task.h"
#include "sweep/trial/sweep.h"

namespace archsweep {

// Tasks that compete for the same slots with the same right: of one sweep, of one kind, and of
// about the same memory, so that where one of them fits the others mostly do.
struct ReadyGroup {
  SweepKey sweep = 0;
  bool trains = false;
  int memory_class = 0;
  friend auto operator<=>(const ReadyGroup&, const ReadyGroup&) = default;
};

// The order among all that are ready: higher priority first; then evaluations, so that a trained
// network is measured soon; then as the sweep wants it; then its order.
struct ReadyKey {
  int priority = 0;
  bool trains = false;
  double place = 0;  // The smaller comes first.
  SweepKey sweep = 0;
  int ordinal = 0;
  TaskId task;
  friend bool operator<(const ReadyKey& a, const ReadyKey& b) {
    return std::tuple(-a.priority, a.trains, a.place, a.sweep, a.ordinal) <
           std::tuple(-b.priority, b.trains, b.place, b.sweep, b.ordinal);
  }
};

ReadyGroup GroupOf(const Task& task, SweepKey sweep);
ReadyKey KeyOf(const Task& task, const Membership& membership, const QueuePolicy& queue);

// Where a point comes in an order that is spread over the grid: the digits of its ordinal in
// reverse, so that every prefix of the order covers all of it about evenly.
double SpreadPlace(int ordinal);

// The tasks that can run and wait for slots, once for each sweep that wants them now.
class ReadyQueue {
 public:
  void Insert(const ReadyGroup& group, const ReadyKey& key);  // Not there yet (asserted).
  void Erase(const ReadyGroup& group, const ReadyKey& key);   // There (asserted).
  bool Contains(const ReadyGroup& group, const ReadyKey& key) const;

  // The group whose first task comes before those of all others that are not `blocked`.
  std::optional<ReadyGroup> First(const std::function<bool(const ReadyGroup&)>& blocked) const;
  const std::set<ReadyKey>& TasksOf(const ReadyGroup& group) const { return groups_.at(group); }

  // How many stand before `key` in all groups. Linear in their number: for people who ask.
  int64_t CountBefore(const ReadyKey& key) const;

 private:
  std::map<ReadyGroup, std::set<ReadyKey>> groups_;  // None is empty.
};

}  // namespace archsweep
