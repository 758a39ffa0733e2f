#include "worker/trainer/augmentations/color_jitter.h"

#include "base/check.h"
#include "worker/trainer/augmentations/move_images.h"

namespace archsweep {
namespace {

constexpr size_t kContrast = 1;
constexpr size_t kSaturation = 2;
constexpr int64_t kMixes = 3;  // The changes but hue are mixtures of the image with something.

at::Tensor GreyOf(const at::Tensor& images) {
  return images.select(1, 0)
      .mul(0.2989)
      .add_(images.select(1, 1), 0.587)
      .add_(images.select(1, 2), 0.114);
}

// One mixture for each image: `by` is [3, count] of the factor, and of how much of the mean grey
// and of the grey of pixels goes into the other part.
at::Tensor Mixed(const at::Tensor& images, const at::Tensor& by) {
  const auto of_image = [&](int64_t i) { return by[i].view({-1, 1, 1, 1}); };
  const at::Tensor grey = GreyOf(images).unsqueeze(1);
  const at::Tensor mean = grey.mean({1, 2, 3}, /*keepdim=*/true);
  const at::Tensor other = grey * of_image(2) + mean * of_image(1);
  return (images * of_image(0) + other * (1 - of_image(0))).clamp_(0, 1);
}

// One channel of an image of the given hue (in turns), saturation and value: `offset` is 5 for red,
// 3 for green, 1 for blue.
at::Tensor ChannelOf(const at::Tensor& hue, const at::Tensor& saturation, const at::Tensor& value,
                     double offset) {
  const at::Tensor sector = (hue * 6 + offset).remainder(6);
  const at::Tensor depth = at::minimum(sector, 4 - sector).clamp(0, 1);
  return value - value * saturation * depth;
}

// `turns` is [count].
at::Tensor HueTurned(const at::Tensor& images, const at::Tensor& turns) {
  const at::Tensor red = images.select(1, 0);
  const at::Tensor green = images.select(1, 1);
  const at::Tensor blue = images.select(1, 2);
  const at::Tensor value = at::maximum(at::maximum(red, green), blue);
  const at::Tensor range = value - at::minimum(at::minimum(red, green), blue);
  const at::Tensor divisor = at::where(range.eq(0), 1.0, range);
  const at::Tensor sector = at::where(
      value.eq(red), (green - blue) / divisor,
      at::where(value.eq(green), (blue - red) / divisor + 2, (red - green) / divisor + 4));
  const at::Tensor hue = sector / 6 + turns.view({-1, 1, 1});
  const at::Tensor saturation = range / at::where(value.eq(0), 1.0, value);
  return at::stack({ChannelOf(hue, saturation, value, 5), ChannelOf(hue, saturation, value, 3),
                    ChannelOf(hue, saturation, value, 1)},
                   1);
}

// The changes of all images in a form that is the same for each: kMixes mixtures before the hue and
// as many after it, of which those that an image does not have change nothing.
at::Tensor Schedule(std::span<const ColorDraw> draws) {
  const auto count = static_cast<int64_t>(draws.size());
  const at::Tensor schedule = at::zeros({2 * kMixes, 3, count}, at::kFloat);
  schedule.select(1, 0).fill_(1);
  auto numbers = schedule.accessor<float, 3>();
  for (int64_t i = 0; i < count; ++i) {
    const ColorDraw& draw = draws[static_cast<size_t>(i)];
    int64_t place = 0;
    for (const size_t change : draw.order) {
      if (change == kHue) {
        place = kMixes;
        continue;
      }
      numbers[place][0][i] = static_cast<float>(draw.factors.at(change));
      numbers[place][1][i] = change == kContrast ? 1 : 0;
      numbers[place][2][i] = change == kSaturation ? 1 : 0;
      ++place;
    }
  }
  return schedule;
}

}  // namespace

at::Tensor JitteredImages(const at::Tensor& images, std::span<const ColorDraw> draws) {
  CHECK(images.size(0) == static_cast<int64_t>(draws.size()));
  std::vector<float> hues;
  for (const ColorDraw& draw : draws) hues.push_back(static_cast<float>(draw.factors[kHue]));
  const at::Tensor turns = OnDevice(at::tensor(at::ArrayRef<float>(hues)), images);
  const at::Tensor schedule = OnDevice(Schedule(draws), images);
  at::Tensor result = images;
  for (int64_t i = 0; i < kMixes; ++i) result = Mixed(result, schedule[i]);
  result = at::where(turns.ne(0).view({-1, 1, 1, 1}), HueTurned(result, turns), result);
  for (int64_t i = kMixes; i < 2 * kMixes; ++i) result = Mixed(result, schedule[i]);
  return result.contiguous(at::MemoryFormat::ChannelsLast);
}

}  // namespace archsweep
