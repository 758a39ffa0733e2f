#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sweep/trial/evaluation.h"
#include "sweep/trial/trial.h"

namespace archsweep {

// What one task of a sweep needs of a worker.
struct Resources {
  int gpus = 0;  // 0: a CPU slot; 1: a GPU slot.
};

// One point of a sweep with what is derived from it.
struct SweepTrial {
  TrialId id;
  TrialSpec spec;
  int64_t parameters = 0;
  int64_t macs = 0;         // Of one image.
  int64_t activations = 0;  // Cost::activations.
};

// A sweep file, read and expanded: what the store keeps and the scheduler works on. Equal points
// are there once; the order is that of the file.
struct ExpandedSweep {
  std::string name;
  std::string text;  // The file as it was read.
  std::vector<SweepTrial> trials;
  std::vector<EvaluationSpec> evaluations;  // Trial by trial, in the order of `trials`.
  Resources resources;
};

}  // namespace archsweep
