#include "base/safetensors_header.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <optional>
#include <system_error>
#include <utility>

#include "base/json.h"
#include "base/text.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

constexpr size_t kLengthBytes = 8;

struct DtypeSize {
  std::string_view name;
  size_t bytes;
};
constexpr std::array<DtypeSize, 13> kDtypes = {{{"F64", 8},
                                                {"F32", 4},
                                                {"F16", 2},
                                                {"BF16", 2},
                                                {"I64", 8},
                                                {"I32", 4},
                                                {"I16", 2},
                                                {"I8", 1},
                                                {"U64", 8},
                                                {"U32", 4},
                                                {"U16", 2},
                                                {"U8", 1},
                                                {"BOOL", 1}}};

tl::unexpected<Error> Corrupt(std::string message) {
  return Fail(ErrorKind::kCorrupt, std::move(message));
}

// The bytes that a tensor takes, unless they are more than a file may have; sizes of 0 do not
// excuse others that are beyond reason.
std::optional<size_t> BytesNeeded(size_t element_bytes, const std::vector<int64_t>& shape) {
  size_t bytes = element_bytes;
  bool is_empty = false;
  for (const int64_t size : shape) {
    if (size < 0) return std::nullopt;
    is_empty = is_empty || size == 0;
    const auto factor = static_cast<size_t>(std::max<int64_t>(size, 1));
    if (bytes > kSafetensorsBytesMax / factor) return std::nullopt;
    bytes *= factor;
  }
  return is_empty ? 0 : bytes;
}

Result<TensorEntry> ParseEntry(const std::string& name, const Json& json) {
  TensorEntry entry;
  entry.name = name;
  const auto refuse = [&](const std::string& why) {
    return Corrupt(Format("tensor '{}': {}", name, why));
  };
  try {
    json.at("dtype").get_to(entry.dtype);
    const Json& shape = json.at("shape");
    if (!shape.is_array()) return refuse("its shape is no list");
    shape.get_to(entry.shape);
    const Json& offsets = json.at("data_offsets");
    if (!offsets.is_array() || offsets.size() != 2) {
      return refuse("its data_offsets are not two positions");
    }
    offsets[0].get_to(entry.begin);
    offsets[1].get_to(entry.end);
  } catch (const Json::exception& error) {
    return refuse(error.what());
  }
  const auto dtype = std::ranges::find(kDtypes, entry.dtype, &DtypeSize::name);
  if (dtype == kDtypes.end()) return refuse(Format("unknown type {}", entry.dtype));
  const std::optional<size_t> bytes = BytesNeeded(dtype->bytes, entry.shape);
  if (!bytes || entry.end < entry.begin || entry.end - entry.begin != *bytes) {
    return refuse("its shape does not take the bytes of its place");
  }
  return entry;
}

Result<std::vector<TensorEntry>> ParseEntries(std::string_view text) {
  const auto json = ParseJson(text);
  if (!json) return Corrupt(Format("header: {}", json.error().message));
  if (!json->is_object()) return Corrupt("its header is no JSON object");
  std::vector<TensorEntry> entries;
  for (const auto& [name, value] : json->items()) {
    if (name == "__metadata__") continue;
    TRY_ASSIGN(entries.emplace_back(), ParseEntry(name, value));
  }
  return entries;
}

// Sorts the entries by place; every byte must belong to exactly one.
Status CheckCover(std::vector<TensorEntry>& entries, size_t data_bytes) {
  std::ranges::sort(entries, {},
                    [](const TensorEntry& entry) { return std::pair(entry.begin, entry.end); });
  size_t at = 0;
  for (const TensorEntry& entry : entries) {
    if (entry.begin != at) {
      return Corrupt(
          Format("tensor '{}' overlaps another or follows a gap (it begins at {}, not "
                 "{})",
                 entry.name, entry.begin, at));
    }
    at = entry.end;
  }
  if (at == data_bytes) return {};
  return Corrupt(Format("its tensors take {} bytes, but it holds {}: it is cut off or damaged", at,
                        data_bytes));
}

// Of the header, which follows its length and must be within the file.
Result<size_t> ParseLength(std::string_view beginning, size_t file_bytes) {
  if (beginning.size() < kLengthBytes || file_bytes < kLengthBytes) {
    return Corrupt("it is too short to be a safetensors file");
  }
  uint64_t length = 0;
  for (size_t i = kLengthBytes; i-- > 0;) {
    length = length << 8 | static_cast<uint8_t>(beginning[i]);
  }
  if (length <= file_bytes - kLengthBytes && length <= kSafetensorsHeaderBytesMax) return length;
  return Corrupt(
      Format("its header should have {} bytes, but {} follow (at most {} are allowed): it is no "
             "safetensors file, or cut off",
             length, file_bytes - kLengthBytes, kSafetensorsHeaderBytesMax));
}

Result<SafetensorsHeader> ReadHeader(const fs::path& path) {
  std::error_code error;
  const uintmax_t file_bytes = fs::file_size(path, error);
  std::ifstream file(path, std::ios::binary);
  if (error || !file) {
    return Fail(fs::exists(path) ? ErrorKind::kIo : ErrorKind::kNotFound,
                error ? error.message() : "cannot be read");
  }
  std::string beginning(kLengthBytes, '\0');
  file.read(beginning.data(), static_cast<std::streamsize>(beginning.size()));
  beginning.resize(static_cast<size_t>(file.gcount()));
  TRY_ASSIGN(const size_t length, ParseLength(beginning, file_bytes));
  beginning.resize(kLengthBytes + length);
  file.read(beginning.data() + kLengthBytes, static_cast<std::streamsize>(length));
  if (!file) return Fail(ErrorKind::kIo, "its header cannot be read");
  return ParseSafetensorsHeader(beginning, file_bytes);
}

}  // namespace

Result<SafetensorsHeader> ParseSafetensorsHeader(std::string_view beginning, size_t file_bytes) {
  TRY_ASSIGN(const size_t length, ParseLength(beginning, file_bytes));
  if (beginning.size() - kLengthBytes < length) return Corrupt("its header is cut off");
  SafetensorsHeader header;
  header.data_begin = kLengthBytes + length;
  TRY_ASSIGN(header.tensors, ParseEntries(beginning.substr(kLengthBytes, length)));
  TRY(CheckCover(header.tensors, file_bytes - header.data_begin));
  return header;
}

Result<SafetensorsHeader> ReadSafetensorsHeader(const fs::path& path) {
  return ReadHeader(path).map_error(
      [&](Error error) { return WithContext(std::move(error), path.string()); });
}

}  // namespace archsweep
