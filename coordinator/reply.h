#pragma once

#include <memory>

#include "base/result.h"
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

using RegisterReply = std::unique_ptr<Reply<RegisterAnswer>>;
using SynchronizeReply = std::unique_ptr<Reply<WorkerOrders>>;

}  // namespace archsweep
