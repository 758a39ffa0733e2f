#include "coordinator/builds.h"

#include "archsweep_version.h"
#include "base/log.h"

namespace archsweep {

void WarnOfOtherBuilds(std::span<const Change> changes) {
  for (const Change& change : changes) {
    const auto* joined = std::get_if<WorkerJoined>(&change);
    if (joined == nullptr || joined->version.empty() || joined->version == kBuild) continue;
    LogWarning(
        "worker {} on {} is archsweep {}, and this coordinator {}: its results are taken, "
        "and worker_version names it in them",
        ShortHex(joined->worker), joined->host, joined->version, kBuild);
  }
}

}  // namespace archsweep
