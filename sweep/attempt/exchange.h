#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/id.h"
#include "sweep/attempt/job.h"
#include "sweep/attempt/progress.h"
#include "sweep/attempt/resource_use.h"
#include "sweep/attempt/task.h"
#include "sweep/trial/evaluation.h"
#include "sweep/trial/trial.h"

namespace archsweep {

// What worker and coordinator tell each other, as domain types; proto/fleet.proto is the
// specification of each field.

struct WorkerDescription {
  WorkerId worker;
  std::string host;
  int cpu_slots = 0;
  int gpu_slots = 0;
  std::vector<WorkerId> dead_workers;
  int64_t memory_bytes = 0;
  std::vector<int64_t> device_bytes{};
  int64_t ends_in_ms = 0;
  std::string version{};
};

struct NumberedLine {
  int64_t number = 0;
  ProgressLine line;
  std::string flags;
};

struct ObservedAttempt {
  Token token;
  std::vector<NumberedLine> lines;
  std::optional<ResourceUse> use{};
};

struct WorkerReport {
  WorkerId worker;
  std::vector<ObservedAttempt> attempts;
  int64_t hold_ms = 0;
  bool leaving = false;
};

struct AttemptOrder {
  Token token;
  bool known = false;  // The worker has it already: of what follows only `stop` is told.
  TrialSpec trial;
  std::optional<EvaluationSpec> evaluation;
  std::optional<CheckpointRef> weights;
  std::vector<int> slots;
  bool stop = false;
  int share = 1;
};

struct WorkerOrders {
  std::vector<AttemptOrder> attempts;
  int64_t next_call_ms = 0;
  bool leave = false;
};

inline constexpr int kSlotsMax = 1024;  // Of one worker.
inline constexpr int64_t kMemoryBytesMax = int64_t{1} << 50;
inline constexpr int64_t kEndsInMsMax = int64_t{10} * 365 * 24 * 3'600'000;
inline constexpr int64_t kHoldMsMax = 20'000;              // Longest wait of an idle worker's call.
inline constexpr size_t kLinesPerReportMax = 10'000;       // Of one attempt in one call.
inline constexpr size_t kFlagsBytesMax = size_t{1} << 20;  // Of one evaluation.

}  // namespace archsweep
