#pragma once

#include <cstdint>
#include <vector>

namespace archsweep {

// Images and labels in the order of their records.
struct ImageSet {
  std::vector<uint8_t> pixels;  // [count, 3, size, size]
  std::vector<uint8_t> labels;  // [count]
  int64_t Count() const { return static_cast<int64_t>(labels.size()); }
};

}  // namespace archsweep
