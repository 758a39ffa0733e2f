#include "worker/data/synthetic.h"

#include <array>

#include "base/philox.h"

namespace archsweep {
namespace {

constexpr uint32_t kPatternStream = 2;  // Beside those of the two splits.
constexpr int kCells = 4;               // Of a pattern, a side.
constexpr int kBlockBytes = 16;         // That one draw gives.

// Byte `index` of the stream of an item.
class ByteStream {
 public:
  ByteStream(uint32_t stream, uint32_t item) : stream_(stream), item_(item) {}

  // For indices that count up.
  int At(uint32_t index) {
    if (index % kBlockBytes == 0)
      block_ = Philox4x32({index / kBlockBytes, item_, 0, 0}, {stream_, 0});
    return static_cast<int>(block_.at(index % kBlockBytes / 4) >> 8 * (index % 4) & 0xFF);
  }

 private:
  uint32_t stream_;
  uint32_t item_;
  std::array<uint32_t, 4> block_{};
};

using Pattern = std::array<int, 3 * kCells * kCells>;

Pattern PatternOf(uint32_t label) {
  Pattern pattern{};
  ByteStream bytes(kPatternStream, label);
  for (uint32_t i = 0; i < pattern.size(); ++i) pattern.at(i) = bytes.At(i);
  return pattern;
}

}  // namespace

std::string SyntheticRecord(SyntheticSplit split, uint32_t index) {
  constexpr uint32_t kSize = kSyntheticSize;
  constexpr uint32_t kPlane = kSize * kSize;
  constexpr uint32_t kPixelsOfCell = kSize / kCells;
  const uint32_t label = index % kSyntheticClasses;
  const Pattern pattern = PatternOf(label);
  ByteStream noise(static_cast<uint32_t>(split), index);
  std::string record(1, static_cast<char>(label));
  for (uint32_t i = 0; i < 3 * kPlane; ++i) {
    const uint32_t row = i % kPlane / kSize / kPixelsOfCell;
    const uint32_t column = i % kSize / kPixelsOfCell;
    const int cell = pattern.at((i / kPlane * kCells + row) * kCells + column);
    record += static_cast<char>((cell + 2 * noise.At(i)) / 3);
  }
  return record;
}

}  // namespace archsweep
