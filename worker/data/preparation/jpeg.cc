#include "worker/data/preparation/jpeg.h"

#include <csetjmp>
#include <cstdio>
#include <vector>

// Needs the two above.
#include <jpeglib.h>
// Needs the one above.
#include <jerror.h>

#include "base/check.h"
#include "base/text.h"

#ifndef LIBJPEG_TURBO_VERSION
#error "libjpeg-turbo is needed: other libraries of its interface decode to other pixels"
#endif

namespace archsweep {
namespace {

#define ARCHSWEEP_TEXT_OF_INNER(token) #token
#define ARCHSWEEP_TEXT_OF(token) ARCHSWEEP_TEXT_OF_INNER(token)

// The library reports errors by calling `error_exit`, which must not return.
struct JpegErrors {
  jpeg_error_mgr base;  // First, for the library hands out its address.
  jmp_buf escape;
  char message[JMSG_LENGTH_MAX];
};

[[noreturn]] void OnError(j_common_ptr info) {
  auto* const errors = reinterpret_cast<JpegErrors*>(info->err);
  info->err->format_message(info, errors->message);
  longjmp(errors->escape, 1);
}

// The library mends what it warns of with grey pixels, so that a warning is an error here, but for
// those about what lies beside the pixels.
void OnMessage(j_common_ptr info, int level) {
  const int code = info->err->msg_code;
  const bool is_harmless =
      code == JWRN_EXTRANEOUS_DATA || code == JWRN_ADOBE_XFORM || code == JWRN_JFIF_MAJOR;
  if (level < 0 && !is_harmless) OnError(info);
}

// Between setjmp and longjmp there is nothing that wants to be destroyed.
bool Decode(jpeg_decompress_struct& info, JpegErrors& errors, std::string_view bytes, int size,
            uint8_t* row, uint8_t* planes) {
  if (setjmp(errors.escape) != 0) return false;
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  jpeg_read_header(&info, TRUE);
  const auto side = static_cast<JDIMENSION>(size);
  if (info.image_width != side || info.image_height != side) {
    std::snprintf(errors.message, sizeof errors.message, "it has %u x %u pixels instead of %d x %d",
                  info.image_width, info.image_height, size, size);
    return false;
  }
  info.out_color_space = JCS_RGB;
  info.dct_method = JDCT_ISLOW;
  jpeg_start_decompress(&info);
  const JDIMENSION plane = side * side;
  while (info.output_scanline < side) {
    uint8_t* const target = planes + info.output_scanline * side;
    jpeg_read_scanlines(&info, &row, 1);
    for (JDIMENSION i = 0; i < 3 * side; ++i) target[i % 3 * plane + i / 3] = row[i];
  }
  jpeg_finish_decompress(&info);
  return true;
}

}  // namespace

std::string JpegDecoder() {
  return "libjpeg-turbo " ARCHSWEEP_TEXT_OF(
      LIBJPEG_TURBO_VERSION) ", exact integer DCT, smooth chroma";
}

Status DecodeJpeg(std::string_view bytes, int size, std::span<uint8_t> planes) {
  CHECK(planes.size() == size_t{3} * static_cast<size_t>(size) * static_cast<size_t>(size));
  JpegErrors errors{};
  jpeg_decompress_struct info{};
  info.err = jpeg_std_error(&errors.base);
  errors.base.error_exit = OnError;
  errors.base.emit_message = OnMessage;
  std::vector<uint8_t> row(size_t{3} * static_cast<size_t>(size));
  const bool decoded = Decode(info, errors, bytes, size, row.data(), planes.data());
  jpeg_destroy_decompress(&info);
  if (decoded) return {};
  return Fail(ErrorKind::kCorrupt, Format("cannot be decoded: {}", errors.message));
}

}  // namespace archsweep
