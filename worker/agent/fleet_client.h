#pragma once

#include <memory>
#include <optional>
#include <variant>

#include "base/result.h"
#include "proto/access/access.h"
#include "sweep/attempt/exchange.h"
#include "worker/agent/wake_event.h"

namespace archsweep {

inline constexpr int64_t kCallDeadlineMs = 15'000;  // Of a call, over the time it may hang.

// The answer to Register.
struct Registered {
  int64_t lease_ms = 0;
};
using FleetAnswer = std::variant<Registered, WorkerOrders>;

// The agent's side of the wire: one call at a time, without waiting. Used by one thread.
class FleetClient {
 public:
  // Connects on demand. Raises `wake`, which outlives the object, when a call has ended. The errors
  // are those of Connect.
  static Result<FleetClient> To(const Access& access, const WakeEvent& wake);
  FleetClient(FleetClient&&) noexcept;

  // Ends the call under way.
  ~FleetClient();

  // Not while Busy() (asserted).
  void Register(const WorkerDescription& description);
  void Synchronize(const WorkerReport& report);

  // A call is under way, or its end was not taken yet.
  bool Busy() const;

  // Hurries the end of a call under way: it ends as kInterrupted, or with its answer.
  void Cancel();

  // How the call ended, once. kNotFound: the coordinator does not know the worker; kDenied: it
  // refuses the token; kInvalidInput: one of both does not understand the other; kUnavailable: it
  // does not answer, try again; kInterrupted: Cancel.
  std::optional<Result<FleetAnswer>> Take();

 private:
  struct Wire;
  explicit FleetClient(std::unique_ptr<Wire> wire);
  std::unique_ptr<Wire> wire_;
};

}  // namespace archsweep
