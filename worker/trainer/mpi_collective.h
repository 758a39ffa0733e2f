#pragma once

#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <thread>

#include "worker/trainer/collective.h"

namespace archsweep {

inline constexpr size_t kOperationsMax = 4096;  // Begun and not done yet.

// Ranks that meet by MPI in host memory. A thread of its own makes every call of MPI, one operation
// after the other, so that sums go on while the caller computes: MPI moves data only while it is
// called. That thread mostly naps between its looks, for it shares a CPU with the caller.
class MpiCollective final : public Collective {
 public:
  // Initialises MPI, once a process.
  explicit MpiCollective(const Seat& seat);
  // Waits until all ranks have come here.
  ~MpiCollective() override;

  void Broadcast(const at::Tensor& tensor, int root) override;
  std::unique_ptr<PendingSum> SumInPlace(const at::Tensor& flat) override;
  std::vector<std::string> AllGatherBytes(std::string_view mine) override;
  int64_t Max(int64_t value) override;

 private:
  class Sum;
  // Runs on the thread, to its end. What it points to lives until then.
  using Operation = std::packaged_task<void()>;

  std::future<void> Begin(Operation operation);
  void Serve();
  void Close();

  std::mutex mutex_;
  std::condition_variable begun_;
  std::deque<Operation> operations_;  // Guarded by mutex_, as is closing_.
  bool closing_ = false;
  std::jthread thread_;  // Last: it uses all of the above.
};

}  // namespace archsweep
