#pragma once

#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "coordinator/reply.h"
#include "sweep/attempt/exchange.h"

namespace archsweep {

// The message of a failure that a worker tells of an attempt which it never had.
inline constexpr const char* kForged = "forged";

// What an attempt uses, in which a test can see whose it is and how old.
inline ResourceUse SimUse(Token token, int64_t age) {
  return {.wall_ms = age, .memory_bytes = token.value, .memory_peak_bytes = token.value};
}

// What a simulated agent does wrong on purpose.
struct WorkerFaults {
  bool fails = false;        // Attempts end in all ways.
  bool drops_spool = false;  // Lines without an answer are lost with their call.
};

// One agent with its attempts, as the coordinator can see it: it begins what it is given when the
// slots are free, repeats lines until they are answered, forgets what is not desired any more, and
// begins a new life when it is not known.
class SimWorker {
 public:
  SimWorker(WorkerDescription description, std::mt19937_64& random);

  const WorkerDescription& Description() const { return description_; }
  // Another life on the same host, which may prove that this one is dead, and then may find what
  // it had not told yet.
  void BeginNewLife(const WorkerId& id, bool proves_death, bool adopts_spool = false);
  bool HasSpool() const;  // Lines that nobody has answered.
  // It has a given end of its time now, or none.
  void SetEnd(int64_t ends_in_ms) { description_.ends_in_ms = ends_in_ms; }

  bool Registered() const { return registered_; }
  bool Gone() const { return gone_; }  // It has left, because it was told to.

  // Time passes: attempts begin, go on and end.
  void Work(const WorkerFaults& faults);

  // The call to make now, if none is under way.
  bool Calls(int64_t now_ms) const { return !call_ && now_ms >= next_call_ms_ && !gone_; }
  WorkerReport Report(bool hold);
  void Sent(int64_t call, int64_t now_ms, const WorkerFaults& faults);
  std::optional<int64_t> CallUnderWay() const { return call_; }
  // It gives up waiting for an answer.
  void GiveUpCall(int64_t now_ms);

  void On(const RegisterAnswer& answer, int64_t now_ms);
  void On(const WorkerOrders& orders, int64_t now_ms);
  // The answer NOT_FOUND: true. It must begin a new life.
  bool OnError(const Error& error, int64_t now_ms);

  int64_t silent_until_ms = 0;  // It hangs.

 private:
  struct Held {
    AttemptOrder order;
    bool running = false;
    bool ended = false;
    int64_t number = 0;  // Of its newest line.
    int steps = 0;
    std::vector<NumberedLine> lines;  // Without an answer.
    int64_t sent = 0;                 // The newest line in the call under way.
  };
  void Begin();
  void Advance(Held& held, const WorkerFaults& faults);
  void Add(Held& held, ProgressLine line, std::string flags = "");
  bool Chance(unsigned one_in) { return random_() % one_in == 0; }

  WorkerDescription description_;
  std::mt19937_64& random_;
  std::map<Token, Held> held_;
  bool registered_ = false;
  bool leaving_ = false;
  bool sent_leaving_ = false;
  bool gone_ = false;
  std::optional<int64_t> call_;
  int64_t call_sent_ms_ = 0;
  int64_t next_call_ms_ = 0;
};

}  // namespace archsweep
