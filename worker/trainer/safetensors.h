#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"
#include "worker/trainer/model.h"

namespace archsweep {

// The safetensors format: 8 bytes of header length, little-endian; a JSON header that gives type,
// shape and place of each tensor; their bytes, without gaps. Types F64, F32, I64, U8 and BOOL.

inline constexpr size_t kSafetensorsHeaderBytesMax = size_t{100} << 20;
inline constexpr size_t kSafetensorsBytesMax = size_t{64} << 30;

// What was written.
struct FileSummary {
  int64_t bytes = 0;
  std::string sha256;
};

// Writes a new file and syncs it. Tensors are contiguous and on the processor (asserted). kIo names
// the file.
Result<FileSummary> WriteSafetensors(const std::filesystem::path& path,
                                     const NamedTensors& tensors);

// Reads what a file held; `name` is what messages call it. kCorrupt says what is wrong.
Result<NamedTensors> ParseSafetensors(std::string_view content, const std::string& name);

Result<NamedTensors> ReadSafetensors(const std::filesystem::path& path);

}  // namespace archsweep
