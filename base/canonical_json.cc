#include "base/canonical_json.h"

#include <charconv>
#include <cmath>

#include "base/check.h"

namespace archsweep {
namespace {

void AppendDouble(double value, std::string& out) {
  CHECK(std::isfinite(value));
  char buffer[32];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  CHECK(error == std::errc());
  out.append(buffer, end);
}

void Append(const Json& value, std::string& out) {
  if (value.is_number_float()) return AppendDouble(value.get<double>(), out);
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
    if (object) out += Json(key).dump() + ':';
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
