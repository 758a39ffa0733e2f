#include "coordinator/patience.h"

namespace archsweep {

Status CommitWhenThereIsSpace(const std::function<Status()>& commit,
                              const std::function<bool(const Error& full, int64_t ms)>& wait) {
  Status committed = commit();
  for (int64_t waited_ms = 0; !committed && committed.error().kind == ErrorKind::kDiskFull &&
                              waited_ms < kFullDiskPatienceMs;
       waited_ms += kFullDiskRetryMs) {
    if (!wait(committed.error(), kFullDiskRetryMs)) break;
    committed = commit();
  }
  return committed;
}

}  // namespace archsweep
