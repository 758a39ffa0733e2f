#include "worker/trainer/augmentations/move_images.h"

#include <array>
#include <cmath>
#include <numbers>

#include "base/check.h"

namespace archsweep {
namespace {

using at::indexing::Slice;

std::array<float, 256> UnitOfBytes() {
  std::array<float, 256> units{};
  for (size_t i = 0; i < units.size(); ++i) units.at(i) = static_cast<float>(i) / 255.0F;
  return units;
}

// One image: `planes` as bytes, `target` with channels last and zeros in it.
void CropOnHost(const uint8_t* planes, int64_t size, const CropDraw& crop, int padding,
                const std::array<float, 256>& units, float* target) {
  const int64_t plane = size * size;
  const int64_t shift = crop.left - padding;
  const int64_t first = std::max<int64_t>(0, -shift);
  const int64_t last = std::min(size, size - shift);
  for (int64_t row = 0; row < size; ++row) {
    const int64_t source_row = row + crop.top - padding;
    if (source_row < 0 || source_row >= size) continue;
    const uint8_t* const source = planes + source_row * size + shift;
    for (int64_t column = first; column < last; ++column) {
      const int64_t place = crop.flip ? size - 1 - column : column;
      float* const pixel = target + 3 * (row * size + place);
      for (int64_t channel = 0; channel < 3; ++channel) {
        pixel[channel] = units[source[channel * plane + column]];
      }
    }
  }
}

at::Tensor CroppedOnHost(const at::Tensor& images, std::span<const int64_t> indices,
                         std::span<const CropDraw> crops, int padding) {
  const int64_t size = images.size(2);
  const int64_t values = images[0].numel();
  const auto count = static_cast<int64_t>(indices.size());
  // Channels last under another name.
  const at::Tensor result = at::zeros({count, size, size, 3}, at::kFloat);
  const uint8_t* const bytes = images.const_data_ptr<uint8_t>();
  float* const target = result.mutable_data_ptr<float>();
  const std::array<float, 256> units = UnitOfBytes();
  for (int64_t i = 0; i < count; ++i) {
    const auto at = static_cast<size_t>(i);
    CropOnHost(bytes + indices[at] * values, size, crops[at], padding, units, target + i * values);
  }
  return result.permute({0, 3, 1, 2});
}

// For each output place of a side the two source places, and the share of the second.
struct Interpolation {
  at::Tensor low;
  at::Tensor high;
  at::Tensor share;
};

// `begin` and `length` are [count], in pixels; `mirrored` [count] is 1 or 0.
Interpolation Interpolate(const at::Tensor& begin, const at::Tensor& length,
                          const at::Tensor& mirrored, int64_t size) {
  const at::Tensor place = at::arange(size, begin.options()).unsqueeze(0);
  const at::Tensor flip = mirrored.unsqueeze(1);
  const at::Tensor target = place + flip * (size - 1 - 2 * place);
  const at::Tensor extent = length.unsqueeze(1);
  at::Tensor position = (target + 0.5) * (extent / size) - 0.5;
  position = at::minimum(position.clamp_min(0), extent - 1);
  const at::Tensor low = position.floor();
  const at::Tensor start = begin.unsqueeze(1);
  return {.low = (start + low).to(at::kLong),
          .high = (start + at::minimum(low + 1, extent - 1)).to(at::kLong),
          .share = (position - low).to(at::kFloat)};
}

// Between rows (dimension 2) or columns (3) of [count, 3, rows, columns].
at::Tensor Interpolated(const at::Tensor& images, const Interpolation& by, int64_t dimension) {
  const int64_t count = images.size(0);
  std::vector<int64_t> view = {count, 1, 1, 1};
  view[static_cast<size_t>(dimension)] = -1;
  std::vector<int64_t> shape = images.sizes().vec();
  shape[static_cast<size_t>(dimension)] = by.low.size(1);
  const at::Tensor low = images.gather(dimension, by.low.view(view).expand(shape));
  const at::Tensor high = images.gather(dimension, by.high.view(view).expand(shape));
  return low + by.share.view(view) * (high - low);
}

void CheckImages(const at::Tensor& images) {
  CHECK(images.dim() == 4 && images.size(1) == 3 && images.size(2) == images.size(3));
  CHECK(images.scalar_type() == at::kByte && images.is_contiguous());
}

}  // namespace

at::Tensor ToUnitRange(const at::Tensor& bytes) {
  return bytes
      .to(at::kFloat, /*non_blocking=*/false, /*copy=*/false, at::MemoryFormat::ChannelsLast)
      .div_(255);
}

at::Tensor OnDevice(const at::Tensor& host, const at::Tensor& like) {
  if (!like.is_cuda()) return host.to(like.device());
  return host.pin_memory().to(like.device(), /*non_blocking=*/true);
}

at::Tensor IndexTensor(std::span<const int64_t> indices, const at::Tensor& like) {
  return OnDevice(at::tensor(at::ArrayRef<int64_t>(indices.data(), indices.size())), like);
}

at::Tensor CroppedImages(const at::Tensor& images, std::span<const int64_t> indices,
                         std::span<const CropDraw> crops, int padding) {
  CheckImages(images);
  CHECK(indices.size() == crops.size());
  if (images.is_cpu()) return CroppedOnHost(images, indices, crops, padding);
  return CroppedByIndex(images, indices, crops, padding);
}

at::Tensor CroppedByIndex(const at::Tensor& images, std::span<const int64_t> indices,
                          std::span<const CropDraw> crops, int padding) {
  const int64_t size = images.size(2);
  std::vector<int64_t> rows;
  std::vector<int64_t> columns;
  for (const CropDraw& crop : crops) {
    for (int64_t i = 0; i < size; ++i) {
      rows.push_back(crop.top + i);
      columns.push_back(crop.left + (crop.flip ? size - 1 - i : i));
    }
  }
  const auto count = static_cast<int64_t>(crops.size());
  const at::Tensor padded = at::constant_pad_nd(
      images.index_select(0, IndexTensor(indices, images)), {padding, padding, padding, padding});
  const at::Tensor row = IndexTensor(rows, images).view({count, size, 1});
  const at::Tensor sample = at::arange(count, row.options()).view({count, 1, 1});
  // [image, row, column, channel]: the indexed dimensions come first.
  const at::Tensor cropped =
      padded.index({sample, Slice(), row, IndexTensor(columns, images).view({count, 1, size})});
  return ToUnitRange(cropped.permute({0, 3, 1, 2}));
}

at::Tensor ResizedCrops(const at::Tensor& images, std::span<const int64_t> indices,
                        std::span<const Box> boxes, const std::vector<bool>& flips) {
  CheckImages(images);
  CHECK(indices.size() == boxes.size() && indices.size() == flips.size());
  const auto count = static_cast<int64_t>(boxes.size());
  const at::Tensor host = at::empty({5, count}, at::kDouble);
  auto numbers = host.accessor<double, 2>();
  for (int64_t i = 0; i < count; ++i) {
    const Box& box = boxes[static_cast<size_t>(i)];
    numbers[0][i] = static_cast<double>(box.top);
    numbers[1][i] = static_cast<double>(box.height);
    numbers[2][i] = static_cast<double>(box.left);
    numbers[3][i] = static_cast<double>(box.width);
    numbers[4][i] = flips[static_cast<size_t>(i)] ? 1 : 0;
  }
  const at::Tensor draws = OnDevice(host, images);
  const int64_t size = images.size(2);
  const Interpolation rows = Interpolate(draws[0], draws[1], at::zeros_like(draws[0]), size);
  const Interpolation columns = Interpolate(draws[2], draws[3], draws[4], size);
  const at::Tensor whole =
      images.index_select(0, IndexTensor(indices, images)).to(at::kFloat).div_(255);
  return Interpolated(Interpolated(whole, columns, 3), rows, 2)
      .contiguous(at::MemoryFormat::ChannelsLast);
}

at::Tensor RotatedImages(const at::Tensor& images, std::span<const double> degrees) {
  const int64_t count = images.size(0);
  const int64_t size = images.size(2);
  CHECK(count == static_cast<int64_t>(degrees.size()));
  const at::Tensor host = at::empty({2, count}, at::kDouble);
  auto turns = host.accessor<double, 2>();
  for (int64_t i = 0; i < count; ++i) {
    const double radians = degrees[static_cast<size_t>(i)] * std::numbers::pi / 180;
    turns[0][i] = std::cos(radians);
    turns[1][i] = std::sin(radians);
  }
  const at::Tensor draws = OnDevice(host, images);
  const at::Tensor cosine = draws[0].view({count, 1, 1});
  const at::Tensor sine = draws[1].view({count, 1, 1});
  const double centre = static_cast<double>(size) / 2;
  const at::Tensor place = at::arange(size, draws.options()) + (0.5 - centre);
  const at::Tensor down = place.view({1, size, 1});
  const at::Tensor right = place.view({1, 1, size});
  const at::Tensor column = (right * cosine - down * sine + centre).floor();
  const at::Tensor row = (right * sine + down * cosine + centre).floor();
  const at::Tensor inside = row.ge(0) & row.lt(size) & column.ge(0) & column.lt(size);
  const at::Tensor first = at::arange(count, draws.options()).view({count, 1, 1}) * (size * size);
  const at::Tensor source = at::where(inside, first + row * size + column, 0.0).to(at::kLong);
  // Channels last: each pixel is a row of three.
  const at::Tensor pixels = images.permute({0, 2, 3, 1}).reshape({count * size * size, 3});
  return (pixels.index_select(0, source.flatten()) * inside.flatten().unsqueeze(1))
      .view({count, size, size, 3})
      .permute({0, 3, 1, 2});
}

}  // namespace archsweep
