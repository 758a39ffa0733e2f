#pragma once

#include <cstdint>
#include <optional>

#include "base/json.h"
#include "base/result.h"

namespace archsweep {

// What the GPUs of an attempt do, whoever uses them. Memory is the sum over them.
struct DeviceUse {
  int64_t memory_bytes = 0;       // As of the newest sample.
  int64_t memory_peak_bytes = 0;  // Of the largest.
  // Share of the time in which anything ran on them, mean over samples and GPUs; nothing where they
  // do not tell.
  std::optional<double> busy;
  friend bool operator==(const DeviceUse&, const DeviceUse&) = default;
};

// What an attempt has used so far: all processes of its session together, ended ones included.
struct ResourceUse {
  int64_t wall_ms = 0;  // From its start to the newest sample or, where it has ended, to its end.
  int64_t cpu_ms = 0;   // User and system.
  // Resident as of the newest sample; 0: it ended before the first. Pages that several processes
  // share count for each of them.
  int64_t memory_bytes = 0;
  // The largest of the samples and of what the kernel says of each process when it ends, which is
  // never below what the agent held when it started the process.
  int64_t memory_peak_bytes = 0;
  std::optional<DeviceUse> device;  // Nothing: it has no GPU, or its host cannot look into it.
  friend bool operator==(const ResourceUse&, const ResourceUse&) = default;
};

inline constexpr int64_t kUseMsMax = int64_t{1} << 50;
inline constexpr int64_t kUseBytesMax = int64_t{1} << 50;

// kInvalidInput, which names the field, where a number is negative or beyond all that can be, or a
// peak is not one.
Status CheckUse(const ResourceUse& use);

Json ToJson(const ResourceUse& use);
// kInvalidInput where it is no use, or one that CheckUse refuses.
Result<ResourceUse> ParseUse(const Json& json);

}  // namespace archsweep
