#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/result.h"

namespace archsweep {

// fmt under our name: the one way to compose text.
template <class... Args>
std::string Format(fmt::format_string<Args...> format, Args&&... args) {
  return fmt::format(format, std::forward<Args>(args)...);
}

std::vector<std::string> Split(std::string_view text, char separator);
std::string Join(std::span<const std::string> parts, std::string_view separator);

// The candidate nearest to `word` by edit distance, if it is near enough to be a misspelling of it.
std::optional<std::string> NearestWord(std::string_view word,
                                       std::span<const std::string> candidates);

// " (did you mean 'depth'?)", or "" where nothing is near.
std::string Suggestion(std::string_view word, std::span<const std::string> candidates);

// The whole text as a number; nothing if it is anything else, or out of range.
std::optional<double> ParseDouble(std::string_view text);
std::optional<long long> ParseInteger(std::string_view text);

// A whole number, not negative, as people write it: "20000000", "1.5e9", or with one of the
// suffixes k, M, G and T of 1000: "20G". kInvalidInput, which names the text, if it is anything
// else or does not fit.
Result<int64_t> ParseCount(std::string_view text);

// A duration as people read it: "42 s", "3 min 05 s", "2 h 10 min", "3 d 4 h".
std::string HumanDuration(double seconds);

// A count with a unit prefix of 1000: "36.48 M", "5.246 G".
std::string HumanCount(double count);

}  // namespace archsweep
