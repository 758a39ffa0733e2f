#include "worker/trainer/augmentation.h"

#include <vector>

#include "base/check.h"

namespace archsweep {
namespace {

at::Tensor ToUnitRange(const at::Tensor& bytes) {
  return bytes
      .to(at::kFloat, /*non_blocking=*/false, /*copy=*/false, at::MemoryFormat::ChannelsLast)
      .div_(255);
}

}  // namespace

DeviceImages Upload(const ImageSet& images, const ImageFormat& format, at::Device device) {
  const int64_t count = images.Count();
  // Neither tensor is written to.
  auto* pixels = const_cast<uint8_t*>(images.pixels.data());
  auto* labels = const_cast<uint8_t*>(images.labels.data());
  return {
      .pixels = at::from_blob(pixels, {count, 3, format.size, format.size}, at::kByte).to(device),
      .labels = at::from_blob(labels, {count}, at::kByte).to(device, at::kLong)};
}

at::Tensor IndexTensor(std::span<const int64_t> indices, const at::Tensor& like) {
  return at::tensor(at::ArrayRef<int64_t>(indices.data(), indices.size())).to(like.device());
}

at::Tensor Images(const at::Tensor& images, std::span<const int64_t> indices) {
  return ToUnitRange(images.index_select(0, IndexTensor(indices, images)));
}

at::Tensor AugmentedImages(const at::Tensor& images, std::span<const int64_t> indices,
                           std::span<const CropDraw> crops) {
  CHECK(indices.size() == crops.size());
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
  const at::Tensor padded =
      at::constant_pad_nd(images.index_select(0, IndexTensor(indices, images)),
                          {kCropPadding, kCropPadding, kCropPadding, kCropPadding});
  const at::Tensor sample = at::arange(count, IndexTensor(rows, images).options());
  // [image, row, column, channel]: the indexed dimensions come first.
  const at::Tensor cropped = padded.index({sample.view({count, 1, 1}), at::indexing::Slice(),
                                           IndexTensor(rows, images).view({count, size, 1}),
                                           IndexTensor(columns, images).view({count, 1, size})});
  return ToUnitRange(cropped.permute({0, 3, 1, 2}));
}

}  // namespace archsweep
