#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/scheduler/task.h"
#include "sweep/attempt/change.h"

namespace archsweep {

// What a task needs of a worker.
struct Need {
  bool gpu = false;
  int slots = 1;
  int share = 1;
  int64_t memory = 0;      // Bytes on each device, or of the host for each slot.
  bool can_resume = true;  // What it has done is kept where the worker's time is over.
  int64_t more_than = 0;   // It ran out of memory on a device of so many bytes.
  std::optional<int64_t> expected_ms{};  // How long it will take, where that is known.

  bool IsShort() const;
};

// One slot of a worker and those who use it.
struct SlotUse {
  std::vector<Token> holders{};       // That run on it, or are the next to.
  std::optional<Token> in_advance{};  // That begins when the one holder has ended.
  int share = 0;                      // Of the holder that allows the fewest; 0: there is none.
  int64_t memory = 0;                 // That the holders need.
  bool is_short = false;              // The one holder, which has no other slot, will end soon.
};

// Where a task can go.
struct Seat {
  WorkerId worker;
  std::vector<int> slots;
  bool in_advance = false;
};

// One worker. Changed through Fleet alone, which knows who has room.
struct FleetWorker {
  std::string host;
  int cpu_slots = 0;
  std::vector<SlotUse> slots;  // CPU slots, then GPU slots.
  int64_t memory_bytes = 0;
  std::vector<int64_t> device_bytes;
  std::optional<int64_t> ends_ms;  // When its time is over.
  int64_t lease_end_ms = 0;
  bool heard = false;  // Since this scheduler began; before, it may be gone.
  bool draining = false;
  bool banned = false;  // Its host is in quarantine.
  std::set<Token> attempts;
  int64_t host_memory = 0;    // That its attempts on CPU slots need.
  std::array<int, 2> free{};  // CPU and GPU slots that nobody holds.

  bool Takes() const { return heard && !draining && !banned; }
  int SlotsOf(bool gpu) const {
    return gpu ? static_cast<int>(slots.size()) - cpu_slots : cpu_slots;
  }
  // Of the device of a GPU slot; 0: not known.
  int64_t DeviceBytes(int slot) const;
  // Whether the need can be met by the worker when nothing else runs there.
  bool CouldHold(const Need& need, int64_t now_ms) const;
  bool HasTimeFor(const Need& need, int64_t now_ms) const;
};

// All workers: what each has, holds and until when it is believed to live. Everything by which a
// worker is found is kept in order, so that no event costs more than the logarithm of their number.
class Fleet {
 public:
  bool Knows(const WorkerId& id) const { return workers_.contains(id); }
  const FleetWorker& At(const WorkerId& id) const { return workers_.at(id); }
  const std::map<WorkerId, FleetWorker>& Workers() const { return workers_; }

  void Add(const WorkerJoined& joined, int64_t now_ms, int64_t lease_end_ms);
  // None of its slots is held any more (asserted).
  void Remove(const WorkerId& id);
  void Renew(const WorkerId& id, int64_t lease_end_ms);
  void Drain(const WorkerId& id);
  void Ban(const std::string& host, bool banned);

  // An attempt takes its seat, or gives it up. Who was in advance behind it holds the slot then,
  // and is returned.
  void Take(const Seat& seat, Token token, const Need& need);
  std::optional<Token> GiveUp(const WorkerId& id, const LiveSlot& slot, int64_t memory);

  std::vector<WorkerId> Silent(int64_t now_ms) const;
  std::optional<int64_t> NextLeaseEndMs() const;

  // A seat for a task: never on `kept`, rather not on `avoided`, best on `last` or another worker
  // of `host`.
  struct Wish {
    std::optional<WorkerId> kept{};
    std::optional<WorkerId> last{};
    std::string host{};
    std::string avoided{};
  };
  std::optional<Seat> FindSeat(const Need& need, const Wish& wish, int64_t now_ms) const;
  // Whether there is any point in asking: a worker with so many free slots, or one that is shared
  // or may have one more in advance.
  bool HasRoom(bool gpu, int slots, int share) const;
  // The worker that should be kept free for a wide task: that which can hold it and lacks least.
  std::optional<WorkerId> BestToKeep(const Need& need, int64_t now_ms) const;
  // The seat on that worker alone.
  std::optional<Seat> SeatOn(const WorkerId& id, const Need& need, int64_t now_ms) const;

  // Hosts with a worker that takes tasks.
  size_t HostsThatTake() const;

  void CheckInvariants(const std::map<Token, LiveSlot>& live) const;

 private:
  void Index(const WorkerId& id, const FleetWorker& worker);
  void Unindex(const WorkerId& id, const FleetWorker& worker);
  std::optional<Seat> SharedSeatOn(const WorkerId& id, const Need& need) const;
  std::optional<Seat> FreeSeatOn(const WorkerId& id, const Need& need, int64_t now_ms) const;
  std::optional<Seat> AdvanceSeatOn(const WorkerId& id, const Need& need) const;
  std::optional<Seat> FindShared(const Need& need, const Wish& wish, int64_t now_ms) const;
  std::optional<Seat> FindFree(const Need& need, const Wish& wish, int64_t now_ms) const;
  std::optional<Seat> FindAdvance(const Need& need, const Wish& wish, int64_t now_ms) const;

  std::map<WorkerId, FleetWorker> workers_;
  std::set<std::pair<int64_t, WorkerId>> leases_;
  std::map<std::string, std::set<WorkerId>> hosts_;
  // Of workers that take tasks, by kind of slot: those with free ones, those with a slot that is
  // shared and not full, and those with a slot behind whose holder one more may wait.
  std::array<std::set<std::pair<int, WorkerId>>, 2> free_;
  std::set<WorkerId> shared_;
  std::array<std::set<WorkerId>, 2> advance_;
};

}  // namespace archsweep
