#include "worker/data/packed_file.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string_view>

#include "base/check.h"
#include "base/json.h"
#include "base/text.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kKind = "archsweep packed images";
constexpr int kVersion = 1;

Json ToJson(const RecordSummary& part) {
  return {{"images", part.records}, {"sha256", part.sha256}};
}

RecordSummary PartFrom(const Json& json) {
  return {.records = json.at("images").get<int64_t>(),
          .sha256 = json.at("sha256").get<std::string>()};
}

// What is wrong with it, or nothing.
Result<PackedHeader> ParseHeader(std::string_view text) {
  TRY_ASSIGN(const Json json, ParseJson(text));
  try {
    if (json.at("kind") != kKind || json.at("version") != kVersion) {
      return Fail(ErrorKind::kCorrupt, "is of another kind or version");
    }
    return PackedHeader{
        .dataset = json.at("dataset").get<std::string>(),
        .format = {.size = json.at("size").get<int>(), .classes = json.at("classes").get<int>()},
        .train = PartFrom(json.at("train")),
        .test = PartFrom(json.at("test")),
        .decoder = json.at("decoder").get<std::string>()};
  } catch (const Json::exception& error) {
    return Fail(ErrorKind::kCorrupt, error.what());
  }
}

Result<std::string> ReadHeaderText(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::string text(kPackedHeaderBytes, '\0');
  if (stream.read(text.data(), kPackedHeaderBytes)) return text;
  return Fail(ErrorKind::kCorrupt, Format("{}: is cut off within its header", file.string()));
}

}  // namespace

int64_t PackedTrainBytes(const PackedHeader& header) {
  return header.train.records * static_cast<int64_t>(header.format.RecordBytes());
}

int64_t PackedTestBytes(const PackedHeader& header) {
  return header.test.records * static_cast<int64_t>(header.format.RecordBytes());
}

std::string PackedHeaderText(const PackedHeader& header) {
  std::string text = Json{
      {"kind", kKind},
      {"version", kVersion},
      {"dataset", header.dataset},
      {"size", header.format.size},
      {"classes", header.format.classes},
      {"train", ToJson(header.train)},
      {"test", ToJson(header.test)},
      {"decoder",
       header.decoder}}.dump();
  CHECK(text.size() < static_cast<size_t>(kPackedHeaderBytes));
  text.resize(kPackedHeaderBytes - 1, ' ');
  return text + '\n';
}

Result<PackedHeader> ReadPackedHeader(const fs::path& file) {
  TRY_ASSIGN(const int64_t bytes, BytesOf(file));
  TRY_ASSIGN(const std::string text, ReadHeaderText(file));
  const auto damaged = [&](const Error& error) {
    return Error{ErrorKind::kCorrupt, Format("{}: is damaged or no packed data set: its header {}",
                                             file.string(), error.message)};
  };
  TRY_ASSIGN(PackedHeader header, ParseHeader(text).map_error(damaged));
  const auto is_count = [](int64_t count) { return count >= 0 && count <= kRecordFileBytesMax; };
  if (header.format.size < 1 || !is_count(header.train.records) || !is_count(header.test.records)) {
    return tl::unexpected(damaged({ErrorKind::kCorrupt, "has impossible counts"}));
  }
  const int64_t expected = kPackedHeaderBytes + PackedTrainBytes(header) + PackedTestBytes(header);
  if (bytes == expected) return header;
  return Fail(ErrorKind::kCorrupt,
              Format("{}: has {} bytes, but its header announces {}: it is cut "
                     "off or was changed",
                     file.string(), bytes, expected));
}

}  // namespace archsweep
