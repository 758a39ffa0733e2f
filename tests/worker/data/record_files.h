#pragma once

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>

#include "worker/data/record_format.h"

namespace archsweep {

// Records whose labels count 0, 1, ... and begin again after the last class, from `first` on, and
// whose pixels differ from record to record. Coarse labels, where there are any, do the same.
inline std::string SomeRecords(size_t count, size_t first = 0, const RecordFormat& format = {}) {
  std::string records;
  for (size_t i = first; i < first + count; ++i) {
    if (format.coarse_classes > 0) {
      records += static_cast<char>(i % static_cast<size_t>(format.coarse_classes));
    }
    records += static_cast<char>(i % static_cast<size_t>(format.classes));
    for (size_t j = 0; j < format.ImageBytes(); ++j) {
      records += static_cast<char>((i * 7 + j * 3) % 251);
    }
  }
  return records;
}

inline void WriteBytes(const std::filesystem::path& file, const std::string& bytes) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << bytes;
}

}  // namespace archsweep
