#pragma once

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>

#include "worker/data/cifar_records.h"

namespace archsweep {

// Records whose labels count 0, 1, ... 9, 0 from `first` on and whose pixels differ from record to
// record.
inline std::string SomeRecords(size_t count, size_t first = 0) {
  std::string records;
  for (size_t i = first; i < first + count; ++i) {
    records += static_cast<char>(i % 10);
    for (size_t j = 0; j < kImageBytes; ++j) records += static_cast<char>((i * 7 + j * 3) % 251);
  }
  return records;
}

inline void WriteBytes(const std::filesystem::path& file, const std::string& bytes) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << bytes;
}

}  // namespace archsweep
