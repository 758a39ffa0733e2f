#include "worker/trainer/rendezvous.h"

#include <poll.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "worker/trainer/task_error.h"

namespace archsweep {
namespace {

constexpr size_t kBytesMax = 4096;
constexpr int kLookMs = 5;

}  // namespace

std::string ShareByFile(const Seat& seat, const std::filesystem::path& folder,
                        const std::string& name, const std::string& mine, int64_t wait_ms) {
  const std::filesystem::path path = folder / Format("{}-{}", name, seat.launch);
  if (seat.rank == 0) {
    const Status written = WriteFileDurably(path, mine);
    if (!written) FailTask(FailureClass::kStorage, written.error().message);
    return mine;
  }
  const SystemClock clock;
  const int64_t end_ms = clock.MonotonicMs() + wait_ms;
  while (clock.MonotonicMs() < end_ms) {
    // It is renamed into its place, so that it is there only as a whole.
    if (auto content = ReadFile(path, kBytesMax)) return *std::move(content);
    poll(nullptr, 0, kLookMs);
  }
  FailTask(FailureClass::kLost,
           Format("{}: did not come from rank 0 within {} s", path.string(), wait_ms / 1000));
}

}  // namespace archsweep
