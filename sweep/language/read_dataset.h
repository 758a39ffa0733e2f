#pragma once

#include <string_view>

#include "base/result.h"
#include "sweep/trial/dataset.h"

namespace archsweep {

// What `text` means below `dataset` in a sweep file: a registered name, or a map such as
// "{name: cifar10, digest: ...}". kInvalidInput with a line for each mistake.
Result<DatasetRef> ReadDataset(std::string_view text);

}  // namespace archsweep
