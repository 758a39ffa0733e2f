#include "base/id.h"

#include <sys/random.h>

#include <algorithm>

#include "base/check.h"
#include "base/sha256.h"
#include "base/text.h"

namespace archsweep {
namespace {

template <size_t kBytes>
std::array<uint8_t, kBytes> RandomBytes() {
  std::array<uint8_t, kBytes> bytes;
  // Up to 256 bytes come whole and without interruption once the kernel's pool is initialised.
  CHECK(getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  return bytes;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

namespace id_internal {

std::string ToHex(const std::array<uint8_t, 16>& bytes) { return Hex(bytes.data(), bytes.size()); }

Result<std::array<uint8_t, 16>> FromHex(std::string_view text) {
  std::array<uint8_t, 16> bytes{};
  const bool valid = text.size() == 2 * bytes.size() &&
                     std::all_of(text.begin(), text.end(), [](char c) { return HexDigit(c) >= 0; });
  if (!valid) {
    return Fail(ErrorKind::kInvalidInput,
                Format("'{}' is not an id of 32 hexadecimal digits", text));
  }
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<uint8_t>(HexDigit(text[2 * i]) << 4 | HexDigit(text[2 * i + 1]));
  }
  return bytes;
}

std::array<uint8_t, 16> OfText(std::string_view text) {
  Sha256 hash;
  hash.Update(text);
  const Sha256::Digest digest = hash.Finish();
  std::array<uint8_t, 16> bytes;
  std::copy_n(digest.begin(), bytes.size(), bytes.begin());
  return bytes;
}

std::array<uint8_t, 16> Random() { return RandomBytes<16>(); }

}  // namespace id_internal

std::string RandomSecret() {
  const auto bytes = RandomBytes<32>();
  return Hex(bytes.data(), bytes.size());
}

}  // namespace archsweep
