#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace archsweep {

// What decodes, and how, for the record of what made pixels: another version may round otherwise.
std::string JpegDecoder();

// Decodes a JPEG of `size` x `size` pixels into the red, green and blue planes, row by row, that
// `planes` (3 * size * size bytes, asserted) has room for. Grey images get three equal planes.
// kCorrupt, without the name of the file, if it is no JPEG, cut off, damaged or of another size.
Status DecodeJpeg(std::string_view bytes, int size, std::span<uint8_t> planes);

}  // namespace archsweep
