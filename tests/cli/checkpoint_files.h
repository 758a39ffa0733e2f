#pragma once

#include <filesystem>
#include <string>

#include "base/file.h"
#include "base/json.h"
#include "base/safetensors_header.h"
#include "sweep/network/graph.h"

namespace archsweep {

inline std::string SafetensorsOf(const Json& header, const std::string& data) {
  const std::string text = header.dump();
  std::string length(8, '\0');
  for (size_t i = 0; i < length.size(); ++i) {
    length[i] = static_cast<char>(uint64_t{text.size()} >> (8 * i));
  }
  return length + text + data;
}

// A checkpoint with official names, after `prefix`, in which every weight is zero.
inline std::string ZeroCheckpoint(const Graph& graph, const std::string& prefix = "") {
  Json header = Json::object();
  size_t at = 0;
  for (const StateEntry& entry : StateEntries(graph)) {
    const bool is_count = entry.shape.empty();
    size_t bytes = is_count ? 8 : 4;
    for (const int64_t size : entry.shape) bytes *= static_cast<size_t>(size);
    header[prefix + entry.name] = {{"dtype", is_count ? "I64" : "F32"},
                                   {"shape", entry.shape},
                                   {"data_offsets", {at, at + bytes}}};
    at += bytes;
  }
  return SafetensorsOf(header, std::string(at, '\0'));
}

// A golden checkpoint under its official names, which have a prefix there.
inline std::string GoldenCheckpoint(const std::filesystem::path& file) {
  constexpr size_t kBytesMax = size_t{1} << 24;
  const std::string content = ReadFile(file, kBytesMax).value();
  const SafetensorsHeader header = ParseSafetensorsHeader(content, content.size()).value();
  Json renamed = Json::object();
  for (const TensorEntry& entry : header.tensors) {
    renamed[entry.name.substr(entry.name.find('.') + 1)] = {
        {"dtype", entry.dtype}, {"shape", entry.shape}, {"data_offsets", {entry.begin, entry.end}}};
  }
  return SafetensorsOf(renamed, content.substr(header.data_begin));
}

}  // namespace archsweep
