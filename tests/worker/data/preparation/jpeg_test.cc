#include "worker/data/preparation/jpeg.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <vector>

#include "tests/worker/data/preparation/jpeg_files.h"

namespace archsweep {
namespace {

constexpr int kSize = 16;
constexpr size_t kPlane = size_t{kSize} * kSize;

std::string ErrorOfDecoding(const std::string& bytes) {
  std::vector<uint8_t> planes(3 * kPlane);
  const Status decoded = DecodeJpeg(bytes, kSize, planes);
  if (decoded) return "";
  EXPECT_EQ(decoded.error().kind, ErrorKind::kCorrupt);
  return decoded.error().message;
}

// Smooth, so that the compression leaves it nearly as it is.
std::vector<uint8_t> Slope(int channels) {
  std::vector<uint8_t> pixels;
  for (int row = 0; row < kSize; ++row) {
    for (int column = 0; column < kSize; ++column) {
      for (int channel = 0; channel < channels; ++channel) {
        pixels.push_back(static_cast<uint8_t>(40 + 5 * row + 3 * column + 20 * channel));
      }
    }
  }
  return pixels;
}

TEST(Jpeg, IsDecodedIntoPlanes) {
  std::vector<uint8_t> planes(3 * kPlane);
  ASSERT_TRUE(DecodeJpeg(JpegOf(Slope(3), kSize, kSize, false), kSize, planes));
  for (int row = 0; row < kSize; ++row) {
    for (int column = 0; column < kSize; ++column) {
      for (int channel = 0; channel < 3; ++channel) {
        const int found = planes[static_cast<size_t>((channel * kSize + row) * kSize + column)];
        EXPECT_NEAR(found, 40 + 5 * row + 3 * column + 20 * channel, 4);
      }
    }
  }
}

TEST(Jpeg, OfGreyHasThreeEqualPlanes) {
  std::vector<uint8_t> planes(3 * kPlane);
  ASSERT_TRUE(DecodeJpeg(JpegOf(Slope(1), kSize, kSize, true), kSize, planes));
  for (size_t i = 0; i < kPlane; ++i) {
    EXPECT_EQ(planes[i], planes[kPlane + i]);
    EXPECT_EQ(planes[i], planes[2 * kPlane + i]);
  }
  EXPECT_NEAR(planes[0], 40, 3);
}

TEST(Jpeg, ThatIsCutAtAnyPlaceIsRefused) {
  const std::string whole = JpegOf(Slope(3), kSize, kSize, false);
  // Only the mark of the end may be missing from what can be shown.
  for (size_t bytes = 0; bytes + 2 < whole.size(); ++bytes) {
    EXPECT_NE(ErrorOfDecoding(whole.substr(0, bytes)), "") << bytes;
  }
}

TEST(Jpeg, OfAnotherSizeIsRefusedWithIt) {
  EXPECT_NE(ErrorOfDecoding(PlainJpeg(8, 1, 2, 3)).find("8 x 8 pixels instead of 16 x 16"),
            std::string::npos);
}

TEST(Jpeg, ThatIsNoneIsRefused) { EXPECT_NE(ErrorOfDecoding("GIF89a"), ""); }

TEST(Jpeg, NamesItsDecoder) {
  EXPECT_EQ(JpegDecoder().find("libjpeg-turbo "), 0u);
  EXPECT_EQ(JpegDecoder().find("TURBO"), std::string::npos);
}

}  // namespace
}  // namespace archsweep
