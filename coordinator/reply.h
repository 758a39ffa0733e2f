#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/result.h"
#include "coordinator/difference.h"
#include "coordinator/scheduler/explanation.h"
#include "sweep/attempt/exchange.h"

namespace archsweep {

// The way back to one caller. Send is called at most once, from any thread; a reply that is
// destroyed without it tells the caller that the coordinator is not available.
template <class Answer>
class Reply {
 public:
  virtual ~Reply() = default;
  virtual void Send(Result<Answer> answer) = 0;
};

struct RegisterAnswer {
  int64_t lease_ms = 0;
};

// What a submission changed, or would change.
struct SubmitAnswer {
  SweepDifference difference;
  SweepState state = SweepState::kActive;  // Of the sweep now.
};

struct ControlAnswer {
  int64_t changes = 0;  // That it made; 0: all was so already.
};

// Of the tasks of a trial: its training, where it has one, then its evaluations.
struct WhyAnswer {
  std::vector<std::pair<TaskId, Explanation>> tasks;
};

using RegisterReply = std::unique_ptr<Reply<RegisterAnswer>>;
using SynchronizeReply = std::unique_ptr<Reply<WorkerOrders>>;
using SubmitReply = std::unique_ptr<Reply<SubmitAnswer>>;
using ControlReply = std::unique_ptr<Reply<ControlAnswer>>;
using WhyReply = std::unique_ptr<Reply<WhyAnswer>>;

}  // namespace archsweep
