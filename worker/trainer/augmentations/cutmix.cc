#include "worker/trainer/augmentations/cutmix.h"

#include "base/check.h"
#include "worker/trainer/augmentations/move_images.h"

namespace archsweep {

MixedImages MixImages(const at::Tensor& images, const at::Tensor& partners,
                      std::span<const Box> boxes) {
  const auto count = static_cast<int64_t>(boxes.size());
  CHECK(images.size(0) == count && partners.sizes() == images.sizes());
  const int64_t size = images.size(2);
  const at::Tensor host = at::empty({4, count}, at::kLong);
  auto numbers = host.accessor<int64_t, 2>();
  for (int64_t i = 0; i < count; ++i) {
    const Box& box = boxes[static_cast<size_t>(i)];
    numbers[0][i] = box.top;
    numbers[1][i] = box.top + box.height;
    numbers[2][i] = box.left;
    numbers[3][i] = box.left + box.width;
  }
  const at::Tensor edges = OnDevice(host, images);
  const at::Tensor place = at::arange(size, edges.options()).unsqueeze(0);
  const auto within = [&](int64_t edge) {
    return place.ge(edges[edge].unsqueeze(1)) & place.lt(edges[edge + 1].unsqueeze(1));
  };
  const at::Tensor inside =
      within(0).view({count, 1, size, 1}) & within(2).view({count, 1, 1, size});
  const at::Tensor mixed = (edges[1] - edges[0]) * (edges[3] - edges[2]);
  return {.images = at::where(inside, partners, images),
          .share = 1 - mixed.to(at::kFloat) / static_cast<double>(size * size)};
}

at::Tensor MixedLabels(const at::Tensor& labels, const at::Tensor& partner_labels,
                       const at::Tensor& share, int classes) {
  const at::Tensor own = share.unsqueeze(1);
  return at::zeros({labels.size(0), classes}, share.options())
      .scatter_add_(1, labels.unsqueeze(1), own)
      .scatter_add_(1, partner_labels.unsqueeze(1), 1 - own);
}

}  // namespace archsweep
