#include "worker/trainer/safetensors.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/check.h"
#include "base/file.h"
#include "base/json.h"
#include "base/safetensors_header.h"
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

Result<NamedTensors> Parse(std::string_view content) {
  TRY_ASSIGN(const SafetensorsHeader header, ParseSafetensorsHeader(content, content.size()));
  content.remove_prefix(header.data_begin);
  NamedTensors tensors;
  for (const TensorEntry& entry : header.tensors) {
    const auto type = std::ranges::find(kTypes, entry.dtype, &TypeName::name);
    if (type == kTypes.end()) {
      return Fail(ErrorKind::kCorrupt,
                  Format("tensor '{}': type {} is not read here", entry.name, entry.dtype));
    }
    // A truth value may be any byte in a file, but not in memory.
    const bool is_bool = type->type == at::kBool;
    const at::Tensor tensor = at::empty(entry.shape, is_bool ? at::kByte : type->type);
    if (entry.end > entry.begin) {
      std::memcpy(tensor.mutable_data_ptr(), content.data() + entry.begin, entry.end - entry.begin);
    }
    tensors.push_back({entry.name, is_bool ? tensor.to(at::kBool) : tensor});
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
