#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace archsweep {

// The JPEG of an image: interleaved red, green and blue bytes, or one grey byte a pixel.
std::string JpegOf(std::span<const uint8_t> pixels, int width, int height, bool is_grey);

// An image of one colour.
std::string PlainJpeg(int size, uint8_t red, uint8_t green, uint8_t blue);

}  // namespace archsweep
