#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/id.h"
#include "base/json.h"
#include "base/result.h"
#include "sweep/network/architecture.h"
#include "sweep/trial/dataset.h"
#include "sweep/trial/training.h"

namespace archsweep {

// How numbers are computed in training, resolved when a sweep is expanded.
// - fusion "none" is the reference form: the official order of operations, and noise from torch's
//   generator on the processor, drawn for the whole global batch.
// - fusion "folded" is the fast form: folded and fused layers, noise by sample and step.
struct Numerics {
  std::string precision = "fp32";  // Or "bf16".
  std::string fusion = "none";
  friend bool operator==(const Numerics&, const Numerics&) = default;
};

// The form that the recipe does not leave to the device.
inline Numerics ReferenceNumerics() { return {.precision = "fp32", .fusion = "none"}; }

// The fast form of a device.
inline Numerics FastNumerics(bool gpu) {
  return {.precision = gpu ? "bf16" : "fp32", .fusion = "folded"};
}

// One network, a point of the grid: to be trained, or imported with weights that are there already.
struct TrialSpec {
  DatasetRef dataset;
  ArchitectureSpec architecture;
  TrainingSpec training;
  Numerics numerics;
  uint64_t seed = 0;
  // Of an imported network: the SHA-256 of its safetensors file, 64 hexadecimal digits. `training`
  // and `seed` have no meaning then and keep their defaults.
  std::optional<std::string> weights_sha256;

  bool IsImported() const { return weights_sha256.has_value(); }
  friend bool operator==(const TrialSpec&, const TrialSpec&) = default;
};

// Whether there will be weights of a best epoch beside the last ones.
bool HasBest(const TrialSpec& spec);

// The canonical configuration: every field that affects a result and nothing else. A field that the
// program learns later is written only where it differs from what older versions did, so that old
// ids stay.
Json ToJson(const TrialSpec& spec);

// Reads what ToJson wrote. kInvalidInput names the field; unknown fields are an error, for they
// would be ignored.
Result<TrialSpec> ParseTrial(const Json& json);

// The first 128 bits of the SHA-256 of the canonical configuration.
TrialId IdOf(const TrialSpec& spec);

}  // namespace archsweep
