#include "worker/trainer/augmentation.h"

#include <algorithm>
#include <vector>

#include "base/check.h"
#include "worker/trainer/augmentations/color_jitter.h"

namespace archsweep {
namespace {

// Of the draws of each sample.
template <class Draw>
auto DrawsOf(std::span<const int64_t> indices, Draw draw) {
  std::vector<decltype(draw(uint32_t{}))> draws;
  draws.reserve(indices.size());
  for (const int64_t index : indices) draws.push_back(draw(static_cast<uint32_t>(index)));
  return draws;
}

at::Tensor CroppedAndMirrored(const at::Tensor& images, std::span<const int64_t> indices,
                              const AugmentationSettings& settings, const DrawKey& key) {
  const int padding = settings.resized_crop ? 0 : settings.crop_padding;
  const std::vector<CropDraw> crops = DrawsOf(indices, [&](uint32_t sample) {
    CropDraw crop = DrawCrop(key, sample, padding);
    crop.flip = crop.flip && settings.flip;
    return crop;
  });
  if (!settings.resized_crop) return CroppedImages(images, indices, crops, padding);
  const std::vector<Box> boxes = DrawsOf(
      indices, [&](uint32_t sample) { return DrawResizedCrop(key, sample, images.size(2)); });
  std::vector<bool> flips;
  for (const CropDraw& crop : crops) flips.push_back(crop.flip);
  return ResizedCrops(images, indices, boxes, flips);
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

DeviceImages UploadTraining(const Dataset& data, at::Device device) {
  if (data.extra.Count() == 0) return Upload(data.train, data.format, device);
  const DeviceImages train = Upload(data.train, data.format, at::kCPU);
  const DeviceImages extra = Upload(data.extra, data.format, at::kCPU);
  const int64_t count = data.train.Count();
  DeviceImages all = {
      .pixels = at::empty({count + data.extra.Count(), 3, data.format.size, data.format.size},
                          at::TensorOptions(device).dtype(at::kByte)),
      .labels = at::cat({train.labels, extra.labels}).to(device)};
  all.pixels.narrow(0, 0, count).copy_(train.pixels);
  all.pixels.narrow(0, count, data.extra.Count()).copy_(extra.pixels);
  return all;
}

at::Tensor Images(const at::Tensor& images, std::span<const int64_t> indices) {
  return ToUnitRange(images.index_select(0, IndexTensor(indices, images)));
}

AugmentationSettings AugmentationOf(const TrainingSpec& spec) {
  constexpr int kPadding = 4;
  const double colors = spec.color_jitter;
  return {.crop_padding = spec.augment && !spec.resized_crop ? kPadding : 0,
          .resized_crop = spec.augment && spec.resized_crop,
          .flip = spec.augment,
          .rotation_degrees = spec.rotation_degrees,
          .color_jitter = {colors, colors, colors, colors / 2},
          .cutmix_beta = spec.cutmix ? 1.0 : 0.0};
}

at::Tensor AugmentedImages(const at::Tensor& images, std::span<const int64_t> indices,
                           const AugmentationSettings& settings, const DrawKey& key) {
  const bool moves = settings.crop_padding > 0 || settings.resized_crop || settings.flip;
  at::Tensor result =
      moves ? CroppedAndMirrored(images, indices, settings, key) : Images(images, indices);
  if (settings.rotation_degrees > 0) {
    result = RotatedImages(result, DrawsOf(indices, [&](uint32_t sample) {
                             return DrawRotation(key, sample, settings.rotation_degrees);
                           }));
  }
  if (std::ranges::any_of(settings.color_jitter, [](double strength) { return strength > 0; })) {
    result = JitteredImages(result, DrawsOf(indices, [&](uint32_t sample) {
                              return DrawColor(key, sample, settings.color_jitter);
                            }));
  }
  return result;
}

}  // namespace archsweep
