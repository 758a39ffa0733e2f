#include "worker/trainer/safetensors.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>
#include <optional>

#include "base/check.h"
#include "base/file.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/text.h"
#include "base/unique_fd.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

constexpr size_t kLengthBytes = 8;
constexpr size_t kAlignment = 8;  // Of the first tensor's bytes.

struct TypeName {
  at::ScalarType type;
  const char* name;
};
constexpr std::array<TypeName, 5> kTypes = {{{at::kDouble, "F64"},
                                             {at::kFloat, "F32"},
                                             {at::kLong, "I64"},
                                             {at::kByte, "U8"},
                                             {at::kBool, "BOOL"}}};

std::string_view BytesOf(const at::Tensor& tensor) {
  CHECK(tensor.is_contiguous() && tensor.device().is_cpu());
  return {static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes()};
}

std::string HeaderOf(const NamedTensors& tensors) {
  Json header = Json::object();
  size_t at = 0;
  for (const NamedTensor& named : tensors) {
    const auto type = std::ranges::find(kTypes, named.tensor.scalar_type(), &TypeName::type);
    CHECK(type != kTypes.end());
    const size_t end = at + named.tensor.nbytes();
    header[named.name] = {
        {"dtype", type->name}, {"shape", named.tensor.sizes().vec()}, {"data_offsets", {at, end}}};
    at = end;
  }
  std::string text = header.dump();
  text.append((kAlignment - text.size() % kAlignment) % kAlignment, ' ');
  std::string length(kLengthBytes, '\0');
  for (size_t i = 0; i < kLengthBytes; ++i) {
    length[i] = static_cast<char>(uint64_t{text.size()} >> (8 * i));
  }
  return length + text;
}

// A new file that is hashed while it is written.
class HashedFile {
 public:
  explicit HashedFile(const fs::path& path)
      : path_(path), fd_(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)) {}

  Status Write(std::string_view bytes) {
    if (!fd_.Valid()) return tl::unexpected(SystemError(path_, "be created"));
    hash_.Update(bytes);
    summary_.bytes += static_cast<int64_t>(bytes.size());
    while (!bytes.empty()) {
      const ssize_t count = write(fd_.Get(), bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return tl::unexpected(SystemError(path_, "be written"));
      bytes.remove_prefix(static_cast<size_t>(count));
    }
    return {};
  }

  Result<FileSummary> Finish() {
    if (fsync(fd_.Get()) != 0) return tl::unexpected(SystemError(path_, "be synced"));
    const Sha256::Digest digest = hash_.Finish();
    summary_.sha256 = Hex(digest.data(), digest.size());
    return summary_;
  }

 private:
  const fs::path path_;
  const UniqueFd fd_;
  Sha256 hash_;
  FileSummary summary_;
};

// A tensor's entry in the header.
struct Place {
  std::string name;
  at::ScalarType type{};
  std::vector<int64_t> shape;
  size_t begin = 0;
  size_t end = 0;
};

// The bytes that the shape takes, unless they are more than a file may have; sizes of 0 do not
// excuse others that are beyond reason.
std::optional<size_t> BytesNeeded(const Place& place) {
  size_t bytes = c10::elementSize(place.type);
  bool is_empty = false;
  for (const int64_t size : place.shape) {
    if (size < 0) return std::nullopt;
    is_empty = is_empty || size == 0;
    const auto factor = static_cast<size_t>(std::max<int64_t>(size, 1));
    if (bytes > kSafetensorsBytesMax / factor) return std::nullopt;
    bytes *= factor;
  }
  return is_empty ? 0 : bytes;
}

Result<Place> ParsePlace(const std::string& name, const Json& json) {
  Place place;
  place.name = name;
  const auto refuse = [&](const std::string& why) {
    return Fail(ErrorKind::kCorrupt, Format("tensor '{}': {}", name, why));
  };
  try {
    const std::string dtype = json.at("dtype").get<std::string>();
    const auto type = std::ranges::find(kTypes, dtype, &TypeName::name);
    if (type == kTypes.end()) return refuse(Format("unknown type {}", dtype));
    place.type = type->type;
    const Json& shape = json.at("shape");
    if (!shape.is_array()) return refuse("its shape is no list");
    for (const Json& size : shape) {
      if (!size.is_number_integer()) return refuse("its shape is not of integers");
      place.shape.push_back(size.get<int64_t>());
    }
    const Json& offsets = json.at("data_offsets");
    if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() ||
        !offsets[1].is_number_unsigned()) {
      return refuse("its data_offsets are not two positions");
    }
    place.begin = offsets[0].get<size_t>();
    place.end = offsets[1].get<size_t>();
  } catch (const Json::exception& error) {
    return refuse(error.what());
  }
  const std::optional<size_t> bytes = BytesNeeded(place);
  if (!bytes || place.end < place.begin || place.end - place.begin != *bytes) {
    return refuse("its shape does not take the bytes of its place");
  }
  return place;
}

Result<std::vector<Place>> ParseHeader(std::string_view text) {
  const auto json = ParseJson(text);
  if (!json) return Fail(ErrorKind::kCorrupt, Format("header: {}", json.error().message));
  if (!json->is_object()) return Fail(ErrorKind::kCorrupt, "its header is no JSON object");
  std::vector<Place> places;
  for (const auto& [name, value] : json->items()) {
    if (name == "__metadata__") continue;
    TRY_ASSIGN(places.emplace_back(), ParsePlace(name, value));
  }
  return places;
}

// Every byte belongs to exactly one tensor.
Status CheckCover(std::vector<Place>& places, size_t data_bytes) {
  std::ranges::sort(places, {},
                    [](const Place& place) { return std::pair(place.begin, place.end); });
  size_t at = 0;
  for (const Place& place : places) {
    if (place.begin != at) {
      return Fail(ErrorKind::kCorrupt, Format("tensor '{}' overlaps another or follows a gap "
                                              "(it begins at {}, not {})",
                                              place.name, place.begin, at));
    }
    at = place.end;
  }
  if (at == data_bytes) return {};
  return Fail(ErrorKind::kCorrupt,
              Format("its tensors take {} bytes, but it holds {}: it is cut off or damaged", at,
                     data_bytes));
}

Result<NamedTensors> Parse(std::string_view content) {
  if (content.size() < kLengthBytes) {
    return Fail(ErrorKind::kCorrupt, "it is too short to be a safetensors file");
  }
  uint64_t length = 0;
  for (size_t i = kLengthBytes; i-- > 0;) {
    length = length << 8 | static_cast<uint8_t>(content[i]);
  }
  content.remove_prefix(kLengthBytes);
  if (length > content.size() || length > kSafetensorsHeaderBytesMax) {
    return Fail(ErrorKind::kCorrupt,
                Format("its header should have {} bytes, but {} follow (at most {} are allowed)",
                       length, content.size(), kSafetensorsHeaderBytesMax));
  }
  TRY_ASSIGN(std::vector<Place> places, ParseHeader(content.substr(0, length)));
  content.remove_prefix(length);
  TRY(CheckCover(places, content.size()));
  NamedTensors tensors;
  for (const Place& place : places) {
    // A truth value may be any byte in a file, but not in memory.
    const bool is_bool = place.type == at::kBool;
    const at::Tensor tensor = at::empty(place.shape, is_bool ? at::kByte : place.type);
    if (place.end > place.begin) {
      std::memcpy(tensor.mutable_data_ptr(), content.data() + place.begin, place.end - place.begin);
    }
    tensors.push_back({place.name, is_bool ? tensor.to(at::kBool) : tensor});
  }
  return tensors;
}

}  // namespace

Result<FileSummary> WriteSafetensors(const fs::path& path, const NamedTensors& tensors) {
  // Readers want each tensor aligned to its element size.
  NamedTensors ordered = tensors;
  std::ranges::stable_sort(ordered, std::greater<>{},
                           [](const NamedTensor& named) { return named.tensor.element_size(); });
  HashedFile file(path);
  TRY(file.Write(HeaderOf(ordered)));
  for (const NamedTensor& named : ordered) TRY(file.Write(BytesOf(named.tensor)));
  return file.Finish();
}

Result<NamedTensors> ParseSafetensors(std::string_view content, const std::string& name) {
  return Parse(content).map_error([&](Error error) { return WithContext(std::move(error), name); });
}

Result<NamedTensors> ReadSafetensors(const fs::path& path) {
  TRY_ASSIGN(const std::string content, ReadFile(path, kSafetensorsBytesMax));
  return ParseSafetensors(content, path.string());
}

}  // namespace archsweep
