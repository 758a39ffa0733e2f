#pragma once

#include <array>
#include <cstdint>

namespace archsweep {

// One block of the counter-based generator Philox 4x32-10 (Salmon et al., SC 2011): a pure function
// of counter and key, so that nothing depends on the order of drawing and there is no state to
// keep.
std::array<uint32_t, 4> Philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

}  // namespace archsweep
