#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace archsweep {

// A sweep file that is part of the program.
struct Preset {
  std::string_view name;
  std::string_view text;
};

// Generated from the files by CMake.
std::span<const Preset> Presets();

std::vector<std::string> PresetNames();

}  // namespace archsweep
