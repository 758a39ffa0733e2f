#include "tests/worker/data/preparation/jpeg_files.h"

#include <cstdio>
#include <cstdlib>
#include <vector>

// Needs the two above.
#include <jpeglib.h>

namespace archsweep {

std::string JpegOf(std::span<const uint8_t> pixels, int width, int height, bool is_grey) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* buffer = nullptr;
  unsigned long size = 0;  // NOLINT: the library's type.
  jpeg_mem_dest(&info, &buffer, &size);
  info.image_width = static_cast<JDIMENSION>(width);
  info.image_height = static_cast<JDIMENSION>(height);
  info.input_components = is_grey ? 1 : 3;
  info.in_color_space = is_grey ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, 95, TRUE);
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < info.image_height) {
    const size_t row =
        info.next_scanline * info.image_width * static_cast<size_t>(info.input_components);
    auto* line = const_cast<JSAMPROW>(pixels.data() + row);
    jpeg_write_scanlines(&info, &line, 1);
  }
  jpeg_finish_compress(&info);
  std::string bytes(reinterpret_cast<char*>(buffer), size);
  std::free(buffer);
  jpeg_destroy_compress(&info);
  return bytes;
}

std::string PlainJpeg(int size, uint8_t red, uint8_t green, uint8_t blue) {
  std::vector<uint8_t> pixels;
  for (int i = 0; i < size * size; ++i) pixels.insert(pixels.end(), {red, green, blue});
  return JpegOf(pixels, size, size, false);
}

}  // namespace archsweep
