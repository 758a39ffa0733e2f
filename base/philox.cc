#include "base/philox.h"

namespace archsweep {

std::array<uint32_t, 4> Philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  constexpr int kRounds = 10;
  constexpr uint32_t kMultiplierA = 0xD2511F53;
  constexpr uint32_t kMultiplierB = 0xCD9E8D57;
  constexpr uint32_t kWeylA = 0x9E3779B9;
  constexpr uint32_t kWeylB = 0xBB67AE85;
  for (int round = 0; round < kRounds; ++round) {
    const uint64_t a = uint64_t{kMultiplierA} * counter[0];
    const uint64_t b = uint64_t{kMultiplierB} * counter[2];
    counter = {static_cast<uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<uint32_t>(b),
               static_cast<uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<uint32_t>(a)};
    key[0] += kWeylA;
    key[1] += kWeylB;
  }
  return counter;
}

}  // namespace archsweep
