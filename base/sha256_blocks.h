#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace archsweep {

using Sha256State = std::array<uint32_t, 8>;

inline constexpr size_t kSha256BlockBytes = 64;

// Takes `count` whole blocks into the state (FIPS 180-4, section 6.2), by the processor's own
// instructions where it has them: several times as fast, which counts for data sets of gigabytes.
void TakeSha256Blocks(Sha256State& state, const uint8_t* blocks, size_t count);

// The same without them, on any processor.
void TakeSha256BlocksPortably(Sha256State& state, const uint8_t* blocks, size_t count);

}  // namespace archsweep
