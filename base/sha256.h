#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/sha256_blocks.h"

namespace archsweep {

// SHA-256 (FIPS 180-4) over bytes that come in pieces. Own code because the trainer has only
// header-only dependencies.
class Sha256 {
 public:
  using Digest = std::array<uint8_t, 32>;

  void Update(std::string_view bytes);
  // Ends the message; the object must not be used after it.
  Digest Finish();

 private:
  Sha256State state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<uint8_t, kSha256BlockBytes> pending_{};
  size_t pending_size_ = 0;
  uint64_t total_bytes_ = 0;
};

std::string Hex(const uint8_t* bytes, size_t count);

// Whether the text is 64 hexadecimal digits in small letters.
bool IsSha256Hex(std::string_view text);

// The digest of a text, in 64 hexadecimal digits.
std::string Sha256Hex(std::string_view text);

// The digest of a file's content, read in pieces.
Result<std::string> Sha256HexOfFile(const std::filesystem::path& path);

}  // namespace archsweep
