#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace archsweep {

// The safetensors format: 8 bytes of header length, little-endian; a JSON header that gives type,
// shape and place of each tensor; their bytes, without gaps.

inline constexpr size_t kSafetensorsHeaderBytesMax = size_t{100} << 20;
inline constexpr size_t kSafetensorsBytesMax = size_t{64} << 30;

struct TensorEntry {
  std::string name;
  std::string dtype;  // "F32"; one whose size is known.
  std::vector<int64_t> shape;
  // Of its bytes, counted from the end of the header.
  size_t begin = 0;
  size_t end = 0;
};

struct SafetensorsHeader {
  std::vector<TensorEntry> tensors;  // In the order of their bytes, each of which is one tensor's.
  size_t data_begin = 0;             // In the file.
};

// Reads the header of a file of `file_bytes`; `beginning` holds at least the header, or the whole
// of a file that is too short to have one. kCorrupt says what is wrong.
Result<SafetensorsHeader> ParseSafetensorsHeader(std::string_view beginning, size_t file_bytes);

// Reads no more of the file than its header. Errors name the file.
Result<SafetensorsHeader> ReadSafetensorsHeader(const std::filesystem::path& path);

}  // namespace archsweep
