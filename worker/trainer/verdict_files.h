#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <string>

#include "sweep/attempt/progress.h"

namespace archsweep {

// What an evaluation found out about each image, on the processor.
struct ImageVerdicts {
  at::Tensor right;      // Booleans [images]: still classified right.
  at::Tensor margins;    // [images]; logit of the label minus the largest other one.
  at::Tensor broken_by;  // Bytes [images]; the number of the attack from 1, 0: none.
};

// Writes flags and artifact as EvaluatedLine says into the folder of an attempt, and enters them
// and the counts of images. Throws TaskError (storage).
void WriteVerdicts(const std::filesystem::path& folder, const ImageVerdicts& verdicts,
                   EvaluatedLine& line);

}  // namespace archsweep
