#include "proto/access/address.h"

#include <algorithm>
#include <optional>

#include "base/text.h"

namespace archsweep {
namespace {

constexpr size_t kHostBytesMax = 253;  // Of a DNS name.
constexpr int kPortMax = 65'535;

bool IsHostCharacter(char c) {
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return letter || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_' || c == ':';
}

// HOST of "HOST:" or "[HOST]:", whose colon was cut off.
std::optional<std::string> HostOf(std::string_view text) {
  const bool in_brackets = text.starts_with('[') && text.ends_with(']');
  if (in_brackets) text = text.substr(1, text.size() - 2);
  const bool valid = !text.empty() && text.size() <= kHostBytesMax &&
                     std::ranges::all_of(text, IsHostCharacter) &&
                     (text.find(':') != std::string_view::npos) == in_brackets;
  if (!valid) return std::nullopt;
  return std::string(text);
}

}  // namespace

Result<Address> ParseAddress(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon != std::string_view::npos) {
    const auto host = HostOf(text.substr(0, colon));
    const auto port = ParseInteger(text.substr(colon + 1));
    if (host && port && *port >= 0 && *port <= kPortMax) {
      return Address{*host, static_cast<int>(*port)};
    }
  }
  return Fail(ErrorKind::kInvalidInput,
              Format("'{}' is not an address HOST:PORT, with an IPv6 address in brackets", text));
}

std::string ToText(const Address& address) {
  const bool brackets = address.host.find(':') != std::string::npos;
  return Format("{}{}{}:{}", brackets ? "[" : "", address.host, brackets ? "]" : "", address.port);
}

bool IsLoopback(const Address& address) {
  if (address.host == "localhost" || address.host == "::1") return true;
  const std::vector<std::string> parts = Split(address.host, '.');
  return parts.size() == 4 && parts[0] == "127" &&
         std::ranges::all_of(parts, [](const std::string& part) {
           const auto number = ParseInteger(part);
           return number && *number >= 0 && *number <= 255;
         });
}

bool IsEveryInterface(const Address& address) {
  return address.host == "0.0.0.0" || address.host == "::";
}

}  // namespace archsweep
