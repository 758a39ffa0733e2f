#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "worker/data/work.h"

namespace archsweep {

inline constexpr int64_t kArchiveBytesMax = int64_t{16} << 30;

struct TransferRequest {
  std::string url;
  int64_t offset = 0;  // Bytes that are there already.
  int64_t total = 0;   // Of the whole file; 0: not known.
  int64_t connect_timeout_ms = 0;
  int64_t stall_timeout_ms = 0;
};

// How one conversation with a server ended.
struct TransferEnd {
  enum class Kind {
    kComplete,  // All of it came.
    kPassing,   // The network or the server failed: the next may bring the rest.
    kRestart,   // The server cannot go on from the offset: all must come again.
    kFinal,     // It will not be better, or the caller asked to stop.
  };
  Kind kind = Kind::kFinal;
  Error error;  // Unless kComplete.
};

// Asks by HTTP(S), following redirections, for what lies behind the offset, and appends it to `fd`,
// which holds the bytes before. A server that answers with the whole file begins it anew. Bytes
// that came before a failure stay. `progress` is told bytes of the whole file.
TransferEnd TransferRest(const TransferRequest& request, int fd, const WorkProgress& progress);

// Waits, in short pieces; kInterrupted if `progress` asks to stop meanwhile.
Status WaitUnlessStopped(int64_t wait_ms, int64_t done, int64_t total,
                         const WorkProgress& progress);

}  // namespace archsweep
