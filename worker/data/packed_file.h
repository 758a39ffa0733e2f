#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.h"
#include "worker/data/record_format.h"
#include "worker/data/record_reader.h"

namespace archsweep {

// A packed file holds images decoded once: a header of this length (one JSON object, filled up with
// spaces) and then the records of all training and of all test images.
inline constexpr int64_t kPackedHeaderBytes = 4096;

struct PackedHeader {
  std::string dataset;  // Registered name.
  RecordFormat format;
  RecordSummary train;
  RecordSummary test;
  std::string decoder;  // What made pixels of the published files: another may give other pixels.
};

// Where the parts of a packed file lie.
int64_t PackedTrainBytes(const PackedHeader& header);
int64_t PackedTestBytes(const PackedHeader& header);

// Exactly kPackedHeaderBytes.
std::string PackedHeaderText(const PackedHeader& header);

// Reads the header and checks it against the length of the file. kNotFound; kCorrupt if it is no
// packed file, or cut off. Messages name the file; the caller adds the remedy.
Result<PackedHeader> ReadPackedHeader(const std::filesystem::path& file);

}  // namespace archsweep
