#include "cli/duration.h"

#include <CLI/CLI.hpp>
#include <array>
#include <optional>
#include <string_view>

#include "base/text.h"

namespace archsweep {
namespace {

struct Unit {
  char letter;
  int64_t milliseconds;
};
constexpr std::array<Unit, 4> kUnits = {
    {{'d', 86'400'000}, {'h', 3'600'000}, {'m', 60'000}, {'s', 1'000}}};
constexpr int64_t kPartMax = 100'000;  // Of one unit; more is a mistake, and would overflow.

// In milliseconds; nothing if the text is anything else than parts of falling size.
std::optional<int64_t> SumOfParts(std::string_view text) {
  int64_t sum = 0;
  size_t first_unit = 0;
  while (!text.empty()) {
    const size_t digits = text.find_first_not_of("0123456789");
    if (digits == 0 || digits == std::string_view::npos) return std::nullopt;
    const auto number = ParseInteger(text.substr(0, digits));
    size_t unit = first_unit;
    while (unit < kUnits.size() && kUnits[unit].letter != text[digits]) ++unit;
    if (!number || *number > kPartMax || unit == kUnits.size()) return std::nullopt;
    sum += *number * kUnits[unit].milliseconds;
    first_unit = unit + 1;
    text.remove_prefix(digits + 1);
  }
  return sum;
}

}  // namespace

Result<int64_t> ParseDuration(const std::string& text) {
  const auto sum = SumOfParts(text);
  if (sum && *sum > 0) return *sum;
  return Fail(ErrorKind::kInvalidInput,
              Format("'{}' is not a duration such as 90s, 30m, 4h, 2d or 1h30m", text));
}

void AddDurationOption(CLI::App& command, const std::string& name, int64_t& milliseconds,
                       const std::string& description, const std::string& default_text) {
  const auto to_milliseconds = [](std::string& text) -> std::string {
    const auto duration = ParseDuration(text);
    if (!duration) return duration.error().message;
    text = Format("{}", *duration);
    return "";
  };
  command.add_option(name, milliseconds, description)
      ->transform(CLI::Validator(to_milliseconds, ""))
      ->type_name("DURATION")
      ->default_str(default_text);
}

}  // namespace archsweep
