#include "base/utf8.h"

#include <cstddef>

namespace archsweep {
namespace {

// How many bytes the character takes that begins with `first`; 0: none begins so.
size_t CharacterBytes(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return 2;
  if (first >= 0xe0 && first < 0xf0) return 3;
  return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

// What the second byte must be for the character to be the shortest form of a code point that there
// is; the others need only continue.
bool IsSecond(unsigned char first, unsigned char second) {
  const int lowest = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const int highest = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  return second >= lowest && second <= highest;
}

}  // namespace

bool IsUtf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto first = static_cast<unsigned char>(bytes[0]);
    const size_t size = CharacterBytes(first);
    if (size == 0 || size > bytes.size()) return false;
    if (size > 1 && !IsSecond(first, static_cast<unsigned char>(bytes[1]))) return false;
    for (size_t i = 2; i < size; ++i) {
      if ((static_cast<unsigned char>(bytes[i]) & 0xc0) != 0x80) return false;
    }
    bytes.remove_prefix(size);
  }
  return true;
}

}  // namespace archsweep
