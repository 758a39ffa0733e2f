#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/id.h"
#include "base/result.h"
#include "sweep/attempt/job.h"
#include "worker/trainer/model.h"

namespace archsweep {

inline constexpr int kManifestVersion = 1;

// What a checkpoint folder holds (README.md of this folder).
struct Checkpoint {
  TrialId trial;
  int64_t step = 0;
  NamedTensors model;  // Official names.
  NamedTensors state;  // What else training goes on from.
};

struct WrittenCheckpoint {
  int64_t step = 0;
  std::filesystem::path folder;
  std::string model_sha256;
};

// Makes PARENT/step-N durably: it appears under its name only when all of it is on disk, and
// replaces one of the same step. Tensors are contiguous and on the processor. kIo names the file.
Result<WrittenCheckpoint> WriteCheckpoint(const std::filesystem::path& parent,
                                          const Checkpoint& checkpoint);

// Removes all but the newest `kept` checkpoints of a folder, and what broken attempts to write one
// have left there.
Status KeepNewestCheckpoints(const std::filesystem::path& parent, int kept);

// Reads a whole checkpoint and compares it with the digests of its manifest and with that of `ref`.
// kNotFound, kCorrupt or kIo name the file.
Result<Checkpoint> ReadCheckpoint(const CheckpointRef& ref);

// The weights alone. Where `ref` states their digest, no manifest is needed.
Result<NamedTensors> ReadWeights(const CheckpointRef& ref);

}  // namespace archsweep
