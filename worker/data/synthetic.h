#pragma once

#include <cstdint>
#include <string>

namespace archsweep {

// Images that are computed, for tests and first steps without files: a coarse pattern of the class
// under noise, so that a network can learn them. Pure functions of integers: the same bytes on
// every machine.
enum class SyntheticSplit : uint32_t { kTrain = 0, kTest = 1 };

inline constexpr int kSyntheticSize = 32;
inline constexpr int kSyntheticClasses = 10;

// The record (label byte, red, green and blue plane) of image `index`, whose label is `index`
// modulo the classes.
std::string SyntheticRecord(SyntheticSplit split, uint32_t index);

}  // namespace archsweep
