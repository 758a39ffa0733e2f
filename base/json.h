#pragma once

#include <cmath>
#include <concepts>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/result.h"

namespace archsweep {

template <class T>
concept JsonInteger = std::integral<T> && !std::same_as<T, bool>;

template <class T, class = void>
struct JsonSerializer : nlohmann::adl_serializer<T> {};

// Objects keep their keys sorted, so that the same value always prints the same. An integer is read
// only from a number that it can hold exactly; all else is a Json::exception, where the library
// alone would cut fractions off and convert 1e300 to anything.
using Json = nlohmann::basic_json<std::map, std::vector, std::string, bool, int64_t, uint64_t,
                                  double, std::allocator, JsonSerializer>;

template <JsonInteger T>
struct JsonSerializer<T, void> {
  template <class Value>
  static void to_json(Value& json, T value) {
    nlohmann::to_json(json, value);
  }

  template <class Value>
  static void from_json(const Value& json, T& value) {
    bool holds = false;
    if (json.is_number_unsigned()) {
      holds = std::in_range<T>(*json.template get_ptr<const uint64_t*>());
    } else if (json.is_number_integer()) {
      holds = std::in_range<T>(*json.template get_ptr<const int64_t*>());
    } else if (json.is_number_float()) {
      // The power of two behind the largest value is exact as a double, the value itself may not
      // be.
      const double number = *json.template get_ptr<const double*>();
      const double end = std::ldexp(1.0, std::numeric_limits<T>::digits);
      holds = number == std::trunc(number) && number < end &&
              number >= (std::is_signed_v<T> ? -end : 0.0);
    } else {
      throw Json::type_error::create(
          302, std::string("type must be number, but is ") + json.type_name(), &json);
    }
    if (!holds) {
      throw Json::out_of_range::create(406,
                                       json.dump() + " is not an integer from " +
                                           std::to_string(std::numeric_limits<T>::min()) + " to " +
                                           std::to_string(std::numeric_limits<T>::max()),
                                       &json);
    }
    nlohmann::from_json(json, value);
  }
};

// Parses a whole text. kInvalidInput with the position on a syntax error, and where containers lie
// in more than `kJsonDepthMax` others: code that walks through the value may recurse.
Result<Json> ParseJson(std::string_view text);
inline constexpr int kJsonDepthMax = 100;

// Reads and parses a file of at most `kJsonFileBytesMax` bytes.
Result<Json> ReadJsonFile(const std::filesystem::path& path);
inline constexpr size_t kJsonFileBytesMax = size_t{64} << 20;

}  // namespace archsweep
