#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

#include "sweep/attempt/resource_use.h"
#include "worker/agent/nvml.h"
#include "worker/agent/process_use.h"

namespace archsweep {

// What one attempt has used, put together from samples while it runs and from what the kernel says
// of its processes in the end. An attempt that ends before its first sample costs none. Pure: the
// time is an argument.
class UseMeter {
 public:
  // `session`: of the attempt's processes.
  UseMeter(pid_t session, int64_t now_ms)
      : session_(session), start_ms_(now_ms), sampled_ms_(now_ms) {}

  pid_t Session() const { return session_; }
  int64_t SampledMs() const { return sampled_ms_; }  // At first, the start.

  void OnSample(int64_t now_ms, const ProcessUse& session,
                const std::optional<DeviceReading>& devices);

  // A process of the session was taken from the process table.
  void OnReaped(const ProcessUse& process);

  // None is left.
  void OnEnd(int64_t now_ms);

  // Nothing before the first sample or the end.
  const std::optional<ResourceUse>& Use() const { return use_; }

 private:
  ResourceUse& At(int64_t now_ms);

  pid_t session_;
  int64_t start_ms_;
  int64_t sampled_ms_;
  std::optional<ResourceUse> use_;
  ProcessUse reaped_;  // The sum of their times, and the largest of their memories.
  double busy_sum_ = 0;
  int64_t busy_count_ = 0;
};

}  // namespace archsweep
