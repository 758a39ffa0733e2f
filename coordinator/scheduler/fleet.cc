#include "coordinator/scheduler/fleet.h"

#include <algorithm>
#include <span>
#include <utility>

#include "base/check.h"
#include "coordinator/scheduler/policy.h"

namespace archsweep {

bool Need::IsShort() const { return expected_ms && *expected_ms <= kShortTaskMs; }

int64_t FleetWorker::DeviceBytes(int slot) const {
  const auto device = static_cast<size_t>(slot - cpu_slots);
  return slot >= cpu_slots && device < device_bytes.size() ? device_bytes[device] : 0;
}

namespace {

bool DeviceFits(int64_t device_bytes, int64_t used, const Need& need) {
  return device_bytes == 0 || (used + need.memory <= device_bytes && device_bytes > need.more_than);
}

bool HostFits(const FleetWorker& worker, int64_t used, const Need& need) {
  return worker.memory_bytes == 0 || (used + need.memory * need.slots <= worker.memory_bytes &&
                                      worker.memory_bytes > need.more_than);
}

std::pair<int, int> RangeOf(const FleetWorker& worker, bool gpu) {
  return gpu ? std::pair(worker.cpu_slots, static_cast<int>(worker.slots.size()))
             : std::pair(0, worker.cpu_slots);
}

bool CanShare(const SlotUse& slot) {
  return slot.share > 1 && static_cast<int>(slot.holders.size()) < slot.share && !slot.in_advance;
}

bool CanQueue(const SlotUse& slot) {
  return slot.holders.size() == 1 && slot.share == 1 && slot.is_short && !slot.in_advance;
}

}  // namespace

bool FleetWorker::HasTimeFor(const Need& need, int64_t now_ms) const {
  if (!ends_ms) return true;
  const int64_t left_ms = *ends_ms - now_ms;
  if (need.can_resume) return left_ms >= kTrainingTimeMinMs;
  return left_ms >= need.expected_ms.value_or(kEvaluationTimeMinMs);
}

bool FleetWorker::CouldHold(const Need& need, int64_t now_ms) const {
  if (SlotsOf(need.gpu) < need.slots || !HasTimeFor(need, now_ms)) return false;
  if (!need.gpu) return HostFits(*this, 0, need);
  int fitting = 0;
  const auto [begin, end] = RangeOf(*this, true);
  for (int slot = begin; slot < end; ++slot) fitting += DeviceFits(DeviceBytes(slot), 0, need);
  return fitting >= need.slots;
}

void Fleet::Add(const WorkerJoined& joined, int64_t now_ms, int64_t lease_end_ms) {
  FleetWorker worker{.host = joined.host,
                     .cpu_slots = joined.slots - joined.gpu_slots,
                     .slots = std::vector<SlotUse>(static_cast<size_t>(joined.slots)),
                     .memory_bytes = joined.memory_bytes,
                     .device_bytes = joined.device_bytes,
                     .lease_end_ms = lease_end_ms,
                     .banned = false,
                     .attempts = {},
                     .free = {joined.slots - joined.gpu_slots, joined.gpu_slots}};
  if (joined.ends_in_ms > 0) worker.ends_ms = now_ms + joined.ends_in_ms;
  leases_.emplace(lease_end_ms, joined.worker);
  hosts_[joined.host].insert(joined.worker);
  CHECK(workers_.emplace(joined.worker, std::move(worker)).second);
}

void Fleet::Remove(const WorkerId& id) {
  const FleetWorker& worker = workers_.at(id);
  CHECK(worker.attempts.empty());
  Unindex(id, worker);
  leases_.erase({worker.lease_end_ms, id});
  const auto host = hosts_.find(worker.host);
  host->second.erase(id);
  if (host->second.empty()) hosts_.erase(host);
  workers_.erase(id);
}

void Fleet::Renew(const WorkerId& id, int64_t lease_end_ms) {
  FleetWorker& worker = workers_.at(id);
  leases_.erase({worker.lease_end_ms, id});
  worker.lease_end_ms = lease_end_ms;
  leases_.emplace(lease_end_ms, id);
  if (worker.heard) return;
  worker.heard = true;
  Index(id, worker);
}

void Fleet::Drain(const WorkerId& id) {
  FleetWorker& worker = workers_.at(id);
  Unindex(id, worker);
  worker.draining = true;
}

void Fleet::Ban(const std::string& host, bool banned) {
  const auto found = hosts_.find(host);
  if (found == hosts_.end()) return;
  for (const WorkerId& id : found->second) {
    FleetWorker& worker = workers_.at(id);
    Unindex(id, worker);
    worker.banned = banned;
    Index(id, worker);
  }
}

void Fleet::Unindex(const WorkerId& id, const FleetWorker& worker) {
  for (const size_t kind : {0, 1}) {
    free_[kind].erase({worker.free[kind], id});
    advance_[kind].erase(id);
  }
  shared_.erase(id);
}

void Fleet::Index(const WorkerId& id, const FleetWorker& worker) {
  if (!worker.Takes()) return;
  for (const size_t kind : {0, 1}) {
    if (worker.free[kind] > 0) free_[kind].emplace(worker.free[kind], id);
    const auto [begin, end] = RangeOf(worker, kind == 1);
    const std::span<const SlotUse> slots(worker.slots.begin() + begin, worker.slots.begin() + end);
    if (std::ranges::any_of(slots, CanQueue)) advance_[kind].insert(id);
  }
  if (std::ranges::any_of(worker.slots, CanShare)) shared_.insert(id);
}

void Fleet::Take(const Seat& seat, Token token, const Need& need) {
  FleetWorker& worker = workers_.at(seat.worker);
  Unindex(seat.worker, worker);
  CHECK(worker.attempts.insert(token).second);
  for (const int number : seat.slots) {
    SlotUse& slot = worker.slots.at(static_cast<size_t>(number));
    if (seat.in_advance) {
      CHECK(!slot.in_advance && slot.holders.size() == 1);
      slot.in_advance = token;
      continue;
    }
    if (slot.holders.empty()) --worker.free[number >= worker.cpu_slots];
    slot.holders.push_back(token);
    slot.share = slot.share == 0 ? need.share : std::min(slot.share, need.share);
    CHECK(static_cast<int>(slot.holders.size()) <= slot.share);
    slot.memory += need.memory;
    slot.is_short = need.IsShort() && need.slots == 1;
  }
  if (!need.gpu && !seat.in_advance) worker.host_memory += need.memory * need.slots;
  Index(seat.worker, worker);
}

std::optional<Token> Fleet::GiveUp(const WorkerId& id, const LiveSlot& live, int64_t memory) {
  FleetWorker& worker = workers_.at(id);
  Unindex(id, worker);
  CHECK(worker.attempts.erase(live.token) == 1);
  std::optional<Token> next;
  for (const int number : live.slots) {
    SlotUse& slot = worker.slots.at(static_cast<size_t>(number));
    if (live.in_advance) {
      CHECK(slot.in_advance == live.token);
      slot.in_advance.reset();
      continue;
    }
    CHECK(std::erase(slot.holders, live.token) == 1);
    slot.memory -= memory;
    if (number < worker.cpu_slots) worker.host_memory -= memory;
    if (!slot.holders.empty()) continue;
    slot.share = 0;
    next = std::exchange(slot.in_advance, std::nullopt);
    ++worker.free[number >= worker.cpu_slots];
  }
  // Its place in `attempts` stays; the scheduler seats it.
  if (next) CHECK(worker.attempts.erase(*next) == 1);
  Index(id, worker);
  return next;
}

std::vector<WorkerId> Fleet::Silent(int64_t now_ms) const {
  std::vector<WorkerId> silent;
  for (const auto& [end_ms, id] : leases_) {
    if (end_ms > now_ms) break;
    silent.push_back(id);
  }
  return silent;
}

std::optional<int64_t> Fleet::NextLeaseEndMs() const {
  if (leases_.empty()) return std::nullopt;
  return leases_.begin()->first;
}

std::optional<Seat> Fleet::SharedSeatOn(const WorkerId& id, const Need& need) const {
  const FleetWorker& worker = workers_.at(id);
  const auto [begin, end] = RangeOf(worker, need.gpu);
  for (int number = begin; number < end; ++number) {
    const SlotUse& slot = worker.slots[static_cast<size_t>(number)];
    if (!CanShare(slot) || static_cast<int>(slot.holders.size()) >= need.share) continue;
    if (DeviceFits(worker.DeviceBytes(number), slot.memory, need)) return Seat{id, {number}, false};
  }
  return std::nullopt;
}

std::optional<Seat> Fleet::FreeSeatOn(const WorkerId& id, const Need& need, int64_t now_ms) const {
  const FleetWorker& worker = workers_.at(id);
  if (!worker.Takes() || worker.free[need.gpu] < need.slots) return std::nullopt;
  if (!worker.HasTimeFor(need, now_ms)) return std::nullopt;
  if (!need.gpu && !HostFits(worker, worker.host_memory, need)) return std::nullopt;
  Seat seat{.worker = id, .slots = {}};
  const auto [begin, end] = RangeOf(worker, need.gpu);
  for (int number = begin; number < end && std::ssize(seat.slots) < need.slots; ++number) {
    const bool is_free = worker.slots[static_cast<size_t>(number)].holders.empty();
    if (is_free && (!need.gpu || DeviceFits(worker.DeviceBytes(number), 0, need)))
      seat.slots.push_back(number);
  }
  if (std::ssize(seat.slots) < need.slots) return std::nullopt;
  return seat;
}

std::optional<Seat> Fleet::AdvanceSeatOn(const WorkerId& id, const Need& need) const {
  const FleetWorker& worker = workers_.at(id);
  const auto [begin, end] = RangeOf(worker, need.gpu);
  for (int number = begin; number < end; ++number) {
    const SlotUse& slot = worker.slots[static_cast<size_t>(number)];
    // The memory of the holder is free again by then.
    const bool fits = need.gpu ? DeviceFits(worker.DeviceBytes(number), 0, need)
                               : HostFits(worker, worker.host_memory - slot.memory, need);
    if (CanQueue(slot) && fits) return Seat{id, {number}, true};
  }
  return std::nullopt;
}

std::optional<Seat> Fleet::SeatOn(const WorkerId& id, const Need& need, int64_t now_ms) const {
  const FleetWorker& worker = workers_.at(id);
  if (!worker.Takes()) return std::nullopt;
  if (need.share > 1 && need.slots == 1 && worker.HasTimeFor(need, now_ms)) {
    if (auto seat = SharedSeatOn(id, need)) return seat;
  }
  return FreeSeatOn(id, need, now_ms);
}

std::optional<Seat> Fleet::FindSeat(const Need& need, const Wish& wish, int64_t now_ms) const {
  const auto allowed = [&](const WorkerId& id) {
    return id != wish.kept && workers_.at(id).host != wish.avoided;
  };
  if (wish.last && Knows(*wish.last) && allowed(*wish.last)) {
    if (auto seat = SeatOn(*wish.last, need, now_ms)) return seat;
  }
  if (const auto host = hosts_.find(wish.host); host != hosts_.end()) {
    int tried = 0;
    for (const WorkerId& id : host->second) {
      if (++tried > kHostWorkersMax) break;
      if (!allowed(id)) continue;
      if (auto seat = SeatOn(id, need, now_ms)) return seat;
    }
  }
  if (auto seat = FindShared(need, wish, now_ms)) return seat;
  if (auto seat = FindFree(need, wish, now_ms)) return seat;
  return FindAdvance(need, wish, now_ms);
}

std::optional<Seat> Fleet::FindShared(const Need& need, const Wish& wish, int64_t now_ms) const {
  if (need.share <= 1 || need.slots != 1) return std::nullopt;
  for (const WorkerId& id : shared_) {
    if (id == wish.kept || workers_.at(id).host == wish.avoided) continue;
    if (!workers_.at(id).HasTimeFor(need, now_ms)) continue;
    if (auto seat = SharedSeatOn(id, need)) return seat;
  }
  return std::nullopt;
}

// The worker with the fewest free slots that suffice, so that wide tasks find room on others.
std::optional<Seat> Fleet::FindFree(const Need& need, const Wish& wish, int64_t now_ms) const {
  std::optional<Seat> second_best;
  const auto& free = free_[need.gpu];
  for (auto next = free.lower_bound({need.slots, WorkerId{}}); next != free.end(); ++next) {
    const WorkerId& id = next->second;
    const bool is_avoided = workers_.at(id).host == wish.avoided;
    if (id == wish.kept || (is_avoided && second_best)) continue;
    auto seat = FreeSeatOn(id, need, now_ms);
    if (seat && !is_avoided) return seat;
    if (seat) second_best = std::move(seat);
  }
  return second_best;
}

std::optional<Seat> Fleet::FindAdvance(const Need& need, const Wish& wish, int64_t now_ms) const {
  if (need.slots != 1 || need.share != 1 || !need.IsShort()) return std::nullopt;
  for (const WorkerId& id : advance_[need.gpu]) {
    if (id == wish.kept || workers_.at(id).host == wish.avoided) continue;
    if (!workers_.at(id).HasTimeFor(need, now_ms)) continue;
    if (auto seat = AdvanceSeatOn(id, need)) return seat;
  }
  return std::nullopt;
}

bool Fleet::HasRoom(bool gpu, int slots, int share) const {
  return free_[gpu].lower_bound({slots, WorkerId{}}) != free_[gpu].end() ||
         (share > 1 && !shared_.empty()) || (slots == 1 && share == 1 && !advance_[gpu].empty());
}

std::optional<WorkerId> Fleet::BestToKeep(const Need& need, int64_t now_ms) const {
  std::optional<WorkerId> best;
  int most_free = -1;
  for (const auto& [id, worker] : workers_) {
    if (!worker.Takes() || !worker.CouldHold(need, now_ms)) continue;
    if (worker.free[need.gpu] <= most_free) continue;
    most_free = worker.free[need.gpu];
    best = id;
  }
  return best;
}

size_t Fleet::HostsThatTake() const {
  return static_cast<size_t>(std::ranges::count_if(hosts_, [&](const auto& entry) {
    return std::ranges::any_of(entry.second,
                               [&](const WorkerId& id) { return workers_.at(id).Takes(); });
  }));
}

void Fleet::CheckInvariants(const std::map<Token, LiveSlot>& live) const {
  size_t held = 0;
  for (const auto& [id, worker] : workers_) {
    std::array<int, 2> free = {};
    for (size_t number = 0; number < worker.slots.size(); ++number) {
      const SlotUse& slot = worker.slots[number];
      const bool gpu = static_cast<int>(number) >= worker.cpu_slots;
      free[gpu] += slot.holders.empty();
      CHECK(static_cast<int>(slot.holders.size()) <= slot.share);
      CHECK(!slot.in_advance || slot.holders.size() == 1);
      if (slot.holders.size() > 1) {
        const int64_t bytes = worker.DeviceBytes(static_cast<int>(number));
        CHECK(bytes == 0 || slot.memory <= bytes);
      }
      for (const Token token : slot.holders) CHECK(worker.attempts.contains(token));
    }
    CHECK(free == worker.free);
    held += worker.attempts.size();
    for (const Token token : worker.attempts) {
      const LiveSlot& attempt = live.at(token);
      CHECK(attempt.worker == id);
      for (const int number : attempt.slots) {
        const SlotUse& slot = worker.slots.at(static_cast<size_t>(number));
        CHECK(attempt.in_advance ? slot.in_advance == token
                                 : std::ranges::count(slot.holders, token) == 1);
      }
    }
    CHECK(leases_.contains({worker.lease_end_ms, id}));
    const bool takes = worker.Takes();
    for (const size_t kind : {0, 1}) {
      CHECK(free_[kind].contains({worker.free[kind], id}) == (takes && worker.free[kind] > 0));
    }
  }
  CHECK(held == live.size());
}

}  // namespace archsweep
