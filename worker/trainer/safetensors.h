#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/safetensors_header.h"
#include "worker/trainer/model.h"

namespace archsweep {

// Safetensors files (base/safetensors_header.h) with tensors of the types F64, F32, I64, U8 and
// BOOL.

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
