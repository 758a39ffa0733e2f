#include "worker/trainer/attacks/window_network.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <utility>

#include "sweep/network/architecture.h"
#include "tests/worker/trainer/golden.h"
#include "worker/trainer/frozen/frozen_network.h"
#include "worker/trainer/initialisation.h"

namespace archsweep {
namespace {

struct WindowCase {
  const char* name;
  ArchitectureSpec architecture;
  friend std::ostream& operator<<(std::ostream& out, const WindowCase& test) {
    return out << test.name;
  }
};

const WindowCase kCases[] = {
    {"basic", {.depth = {1, 1, 1}, .width = {1, 1, 1}}},
    {"deeper", {.depth = {2, 1, 2}, .width = {1, 2, 1}}},
    {"silu",
     {.depth = {1, 1, 1},
      .width = {1, 1, 1},
      .activation = ActivationKind::kSilu,
      .pre_process = true}},
    {"group_norm", {.depth = {1, 1, 1}, .width = {1, 1, 1}, .norm = NormKind::kGroup}},
    {"layer_norm", {.depth = {1, 1, 1}, .width = {1, 1, 1}, .norm = NormKind::kLayer}},
    {"robust", {.block = KnownBlock("robust"), .depth = {2, 1, 1}, .width = {1, 1, 1}}}};

class WindowNetworks : public testing::TestWithParam<WindowCase> {
 protected:
  WindowNetworks() {
    RecordProperty("seed", static_cast<int>(kSeed));
    at::manual_seed(kSeed);
  }

  Model RandomModel() const {
    Model model = AllocateModel(graph_, 1, at::kFloat);
    Initialise(graph_, kSeed, model);
    // Norms that do something.
    for (size_t i = 0; i < model.entries.size(); ++i) {
      const at::Tensor& tensor =
          model.parameters[i].defined() ? model.parameters[i] : model.buffers.front()[i];
      if (tensor.dim() != 1) continue;
      const bool is_variance = model.entries[i].name.ends_with("running_var");
      tensor.detach().add_(at::rand_like(tensor.detach()) * (is_variance ? 1 : 0.3));
    }
    return model;
  }

  void ExpectWholePass(const at::Tensor& logits, const at::Tensor& images) const {
    EXPECT_LT(RelativeDifference(logits, frozen_.Logits(images)), 1e-5);
  }

  static constexpr uint64_t kSeed = 12;
  const Graph graph_ = BuildGraph(GetParam().architecture, 32, 10);
  const Model model_ = RandomModel();
  const Executor executor_{graph_, model_};
  const FrozenNetwork frozen_{executor_, 0};
};

INSTANTIATE_TEST_SUITE_P(Attacks, WindowNetworks, testing::ValuesIn(kCases),
                         [](const auto& test) { return std::string(test.param.name); });

TEST_P(WindowNetworks, ComputeWhatAWholePassDoesWhereverTheWindowLies) {
  WindowNetwork windows(executor_, 0);
  at::Tensor images = at::rand({5, 3, 32, 32});
  windows.Begin(images);
  for (const int64_t side : {1, 3, 4, 7, 20, 32}) {
    for (const auto& [top, left] : {std::pair<int64_t, int64_t>{0, 0},
                                    {32 - side, 32 - side},
                                    {(32 - side) / 2, 0},
                                    {(32 - side) / 3, (32 - side) / 2},
                                    {32 - side, (32 - side) / 5}}) {
      const at::Tensor pixels = at::rand({5, 3, side, side});
      at::Tensor changed = images.clone();
      changed.narrow(2, top, side).narrow(3, left, side).copy_(pixels);
      ExpectWholePass(windows.Logits(pixels, top, left), changed);
      // Some of them are what later windows change.
      const at::Tensor accepted = at::rand({5}) < 0.5;
      windows.Accept(accepted);
      images = at::where(accepted.view({-1, 1, 1, 1}), changed, images);
    }
  }
}

TEST_P(WindowNetworks, GoOnWithSomeOfTheImages) {
  WindowNetwork windows(executor_, 0);
  at::Tensor images = at::rand({6, 3, 32, 32});
  windows.Begin(images);
  for (const at::Tensor& kept : {at::arange(6).slice(0, 0, 6, 2), at::arange(3).narrow(0, 1, 1)}) {
    windows.Keep(kept);
    images = images.index_select(0, kept);
    const at::Tensor pixels = at::rand({images.size(0), 3, 4, 4});
    images.narrow(2, 9, 4).narrow(3, 20, 4).copy_(pixels);
    ExpectWholePass(windows.Logits(pixels, 9, 20), images);
    windows.Accept(at::ones({images.size(0)}, at::kBool));
  }
}

TEST_P(WindowNetworks, CostLessForSmallerWindowsAndNeverMoreThanAWholePass) {
  const WindowNetwork windows(executor_, 0);
  double last = 0;
  for (const int64_t side : {1, 3, 5, 10, 20, 32}) {
    EXPECT_GE(windows.Cost(side), last);
    last = windows.Cost(side);
  }
  EXPECT_EQ(last, 1);
}

TEST(ValueRegion, OfAConvolutionIsWhatSeesTheChangeAndNeedsWhatItReads) {
  // By trial: which outputs see a change of the inputs, and which inputs those outputs read.
  for (const Sliding& sliding : {Sliding{3, 1, 1}, Sliding{3, 2, 1}, Sliding{1, 2, 0},
                                 Sliding{5, 1, 2}, Sliding{7, 2, 3}, Sliding{2, 2, 0}}) {
    const int inputs = 12;
    const int outputs =
        static_cast<int>((inputs + 2 * sliding.padding - sliding.size) / sliding.stride + 1);
    for (int64_t length = 1; length <= inputs; ++length) {
      for (int64_t first = 0; first + length <= inputs; ++first) {
        const Region reached = Reached(sliding, {first, 0, length, inputs},
                                       {.channels = 1, .height = outputs, .width = outputs});
        EXPECT_GE(reached.top, 0);
        EXPECT_LE(reached.top + reached.height, outputs);
        for (int64_t output = 0; output < outputs; ++output) {
          const int64_t from = output * sliding.stride - sliding.padding;
          const bool sees = from < first + length && first < from + sliding.size;
          if (sees) {
            EXPECT_TRUE(output >= reached.top && output < reached.top + reached.height);
          }
        }
        const Region needed = Needed(sliding, reached);
        EXPECT_EQ(needed.top, reached.top * sliding.stride - sliding.padding);
        EXPECT_EQ(needed.top + needed.height - 1,
                  (reached.top + reached.height - 1) * sliding.stride - sliding.padding +
                      sliding.size - 1);
      }
    }
  }
}

}  // namespace
}  // namespace archsweep
