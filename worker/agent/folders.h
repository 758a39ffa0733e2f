#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

namespace archsweep {

// What is in a folder; nothing where there is none.
std::vector<std::filesystem::path> EntriesIn(const std::filesystem::path& folder);

// The number that a folder's name ends with after `prefix`; nothing for any other name.
std::optional<int64_t> NumberOf(const std::filesystem::path& folder, std::string_view prefix);

// Whether the path is the name of something in a folder, without leading out of it.
bool IsName(const std::filesystem::path& path);

// Removes a file or a whole folder; what cannot be removed stays, with a warning.
void Remove(const std::filesystem::path& path);

}  // namespace archsweep
