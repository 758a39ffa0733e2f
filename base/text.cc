#include "base/text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>

namespace archsweep {

std::vector<std::string> Split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  size_t begin = 0;
  for (size_t end; (end = text.find(separator, begin)) != std::string_view::npos; begin = end + 1) {
    parts.emplace_back(text.substr(begin, end - begin));
  }
  parts.emplace_back(text.substr(begin));
  return parts;
}

std::string Join(std::span<const std::string> parts, std::string_view separator) {
  std::string joined;
  for (const std::string& part : parts) {
    if (&part != parts.data()) joined += separator;
    joined += part;
  }
  return joined;
}

namespace {

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({substituted, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

std::optional<std::string> NearestWord(std::string_view word,
                                       std::span<const std::string> candidates) {
  constexpr size_t kLongestWord = 64;  // The distance costs the product of the lengths.
  if (word.size() > kLongestWord) return std::nullopt;
  std::optional<std::string> nearest;
  size_t nearest_distance = std::max<size_t>(2, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const size_t distance = EditDistance(word, candidate);
    if (distance < nearest_distance && distance < candidate.size()) {
      nearest = candidate;
      nearest_distance = distance;
    }
  }
  return nearest;
}

std::string Suggestion(std::string_view word, std::span<const std::string> candidates) {
  const auto nearest = NearestWord(word, candidates);
  return nearest ? Format(" (did you mean '{}'?)", *nearest) : "";
}

std::optional<double> ParseDouble(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

std::optional<long long> ParseInteger(std::string_view text) {
  long long value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Result<int64_t> ParseCount(std::string_view text) {
  constexpr std::string_view kSuffixes = "kMGT";
  constexpr double kBeyondMax = 0x1p63;  // The least count that an int64_t does not hold.
  // Whole numbers are exact beyond what a double holds.
  if (const auto whole = ParseInteger(text); whole && !text.starts_with('-')) return *whole;
  // As an exponent a suffix is read together with the digits: 1.1G is 1100000000 to the last.
  std::string number(text);
  if (const size_t suffix = kSuffixes.find(text.empty() ? ' ' : text.back());
      suffix != std::string_view::npos) {
    number.back() = 'e';
    number += Format("{}", 3 * (suffix + 1));
  }
  const auto value = ParseDouble(number);
  if (value && !text.starts_with('-') && *value < kBeyondMax && std::floor(*value) == *value) {
    return static_cast<int64_t>(*value);
  }
  return Fail(ErrorKind::kInvalidInput,
              Format("'{}' is not a count; give a whole number from 0 to {}, such as 75000000, "
                     "1e9, or 20G with one of the suffixes k, M, G and T",
                     text, std::numeric_limits<int64_t>::max()));
}

std::string HumanDuration(double seconds) {
  const auto whole = static_cast<long long>(std::llround(std::max(0.0, seconds)));
  if (whole < 60) return Format("{} s", whole);
  if (whole < 3600) return Format("{} min {:02} s", whole / 60, whole % 60);
  if (whole < 86400) return Format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
  return Format("{} d {} h", whole / 86400, whole % 86400 / 3600);
}

std::string HumanCount(double count) {
  constexpr std::string_view kPrefixes[] = {"", " k", " M", " G", " T", " P"};
  size_t prefix = 0;
  while (std::abs(count) >= 1000 && prefix + 1 < std::size(kPrefixes)) {
    count /= 1000;
    ++prefix;
  }
  return prefix == 0 ? Format("{:.0f}", count) : Format("{:.4g}{}", count, kPrefixes[prefix]);
}

}  // namespace archsweep
