#pragma once

#include <filesystem>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/result.h"

namespace archsweep {

// Objects keep their keys sorted, so that the same value always prints the same.
using Json = nlohmann::json;

// Parses a whole text. kInvalidInput with the position on a syntax error, and where containers lie
// in more than `kJsonDepthMax` others: code that walks through the value may recurse.
Result<Json> ParseJson(std::string_view text);
inline constexpr int kJsonDepthMax = 100;

// Reads and parses a file of at most `kJsonFileBytesMax` bytes.
Result<Json> ReadJsonFile(const std::filesystem::path& path);
inline constexpr size_t kJsonFileBytesMax = size_t{64} << 20;

}  // namespace archsweep
