#include "base/canonical_json.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/check.h"

namespace archsweep {
namespace {

template <class Number>
void AppendNumber(Number value, std::string& out) {
  char buffer[32];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  CHECK(error == std::errc());
  out.append(buffer, end);
}

// Identities of a large sweep are hundreds of thousands of these texts, so that common strings do
// not go through the library's serializer.
void AppendString(const std::string& text, std::string& out) {
  const bool plain = std::ranges::all_of(
      text, [](char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; });
  out += plain ? '"' + text + '"' : Json(text).dump();
}

void Append(const Json& value, std::string& out) {
  if (value.is_number_float()) {
    CHECK(std::isfinite(value.get<double>()));
    return AppendNumber(value.get<double>(), out);
  }
  if (value.is_number_unsigned()) return AppendNumber(value.get<uint64_t>(), out);
  if (value.is_number_integer()) return AppendNumber(value.get<int64_t>(), out);
  if (value.is_string()) return AppendString(value.get_ref<const std::string&>(), out);
  if (!value.is_structured()) {
    out += value.dump();
    return;
  }
  const bool object = value.is_object();
  out += object ? '{' : '[';
  bool first = true;
  for (const auto& [key, item] : value.items()) {
    if (!first) out += ',';
    first = false;
    if (object) {
      AppendString(key, out);
      out += ':';
    }
    Append(item, out);
  }
  out += object ? '}' : ']';
}

}  // namespace

std::string CanonicalText(const Json& value) {
  std::string text;
  Append(value, text);
  return text;
}

}  // namespace archsweep
