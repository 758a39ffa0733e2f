#pragma once

#include <string_view>

#include "base/result.h"
#include "sweep/network/architecture.h"

namespace archsweep {

// What `text` means below `architecture` in a sweep file: the name of a network, or a map such as
// "{block: bottleneck, depth: 4, width: 10}". kInvalidInput with a line for each mistake.
Result<ArchitectureSpec> ReadArchitecture(std::string_view text, int image_size);

}  // namespace archsweep
