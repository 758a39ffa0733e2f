#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <ostream>
#include <string>
#include <tuple>

#include "sweep/network/architecture.h"
#include "sweep/network/builder.h"
#include "tests/worker/trainer/golden.h"
#include "worker/trainer/executor.h"

// Single blocks against the official code: every activation and norm, other kernels, and the
// settings of RobustResBlock that the published networks do not use.

namespace archsweep {
namespace {

struct GoldenBlock {
  const char* file;
  const char* block = "basic";
  LayerStyle style = {};
  int kernel = 3;
  SettingValues settings = {};
  friend std::ostream& operator<<(std::ostream& out, const GoldenBlock& block) {
    return out << block.file;
  }
};

LayerStyle With(ActivationKind activation) { return {.activation = activation}; }
LayerStyle With(NormKind norm) { return {.norm = norm}; }

const GoldenBlock kBlocks[] = {
    {"basic_equal_s2"},
    {"basic_act_ELU", "basic", With(ActivationKind::kElu)},
    {"basic_act_GELU", "basic", With(ActivationKind::kGelu)},
    {"basic_act_LeakyReLU", "basic", With(ActivationKind::kLeakyRelu)},
    {"basic_act_Mish", "basic", With(ActivationKind::kMish)},
    {"basic_act_SiLU", "basic", With(ActivationKind::kSilu)},
    {"basic_act_Softplus", "basic", With(ActivationKind::kSoftplus)},
    {"basic_norm_GroupNorm", "basic", With(NormKind::kGroup)},
    {"basic_norm_InstanceNorm", "basic", With(NormKind::kInstance)},
    {"basic_norm_LayerNorm", "basic", With(NormKind::kLayer)},
    {"basic_k1_s1", "basic", {}, 1},
    {"basic_k5_s2", "basic", {}, 5},
    {"rrb_p16_s1", "robust"},
    {"rrb_p32_s2_odd", "robust"},
    {"rrb_scales1_s1",
     "robust",
     {},
     3,
     {{"scales", 1}, {"base_width", 160}, {"cardinality", 1}, {"se_reduction", 16}}},
    {"rrb_yaml_defaults",
     "robust",
     {},
     3,
     {{"scales", 4}, {"base_width", 64}, {"cardinality", 8}, {"se_reduction", 16}}},
};

// The block alone: its input stands for the image, its output for the logits.
Graph GraphOf(const GoldenBlock& block, const Golden& golden) {
  const at::Tensor& input = golden["input"];
  const at::Tensor& output = golden["output.eval"];
  GraphBuilder builder(Shape{.channels = static_cast<int>(input.size(1)),
                             .height = static_cast<int>(input.size(2)),
                             .width = static_cast<int>(input.size(3))},
                       block.style);
  const BlockType* const type = KnownBlock(block.block);
  const SettingValues settings = SettingsOf({.block = type, .settings = block.settings}, 0);
  const BlockPlace place = {.name = "block",
                            .planes = static_cast<int>(output.size(1)) / type->expansion,
                            .stride = output.size(2) == input.size(2) ? 1 : 2,
                            .kernel = block.kernel};
  return std::move(builder).Finish(type->add(builder, place, settings, builder.Image()));
}

NamedTensors Renamed(const NamedTensors& tensors, at::ScalarType type) {
  NamedTensors renamed;
  for (const NamedTensor& named : tensors) {
    const bool is_count = named.tensor.scalar_type() == at::kLong;
    renamed.push_back({"block." + named.name, is_count ? named.tensor : named.tensor.to(type)});
  }
  return renamed;
}

class GoldenBlocks : public testing::TestWithParam<std::tuple<GoldenBlock, Fusion>> {
 protected:
  struct Loaded {
    Loaded(const GoldenBlock& block, const Golden& golden, Fusion fusion)
        : graph(GraphOf(block, golden)),
          model(AllocateModel(graph, 1, at::kDouble, fusion)),
          executor(graph, model, {.fusion = fusion}) {
      const Status copied = CopyInto(OfficialTensors(model), Renamed(golden.State(), at::kDouble));
      EXPECT_TRUE(copied) << copied.error().message;
    }
    Graph graph;
    Model model;
    Executor executor;
  };

  const Golden golden_{std::string("blocks/") + std::get<GoldenBlock>(GetParam()).file};
  const Loaded loaded_{std::get<GoldenBlock>(GetParam()), golden_, std::get<Fusion>(GetParam())};
  const at::Tensor input_ = golden_["input"].to(at::kDouble).requires_grad_(true);
  const at::Tensor cotangent_ = golden_["cotangent"].to(at::kDouble);
};

INSTANTIATE_TEST_SUITE_P(Executor, GoldenBlocks,
                         testing::Combine(testing::ValuesIn(kBlocks),
                                          testing::Values(Fusion::kNone, Fusion::kFolded)),
                         [](const auto& test) {
                           const bool is_plain = std::get<Fusion>(test.param) == Fusion::kNone;
                           return std::string(std::get<GoldenBlock>(test.param).file) +
                                  (is_plain ? "_none" : "_folded");
                         });

TEST_P(GoldenBlocks, EvaluateLikeTheOfficialCode) {
  const at::Tensor output = loaded_.executor.Evaluate(input_, 0);
  EXPECT_LT(RelativeDifference(output, golden_["output.eval"]), 1e-5);
  const auto gradient = torch::autograd::grad({(output * cotangent_).sum()}, {input_}).front();
  EXPECT_LT(RelativeL2(gradient, golden_["grad.input.eval"]), 1e-5);
}

TEST_P(GoldenBlocks, TrainLikeTheOfficialCode) {
  const at::Tensor output = loaded_.executor.Train(input_, 0);
  EXPECT_LT(RelativeDifference(output, golden_["output.train"]), 1e-5);
  std::vector<at::Tensor> inputs = {input_};
  const std::vector<size_t> trained = TrainedEntries(loaded_.graph, loaded_.model);
  for (const size_t entry : trained) inputs.push_back(loaded_.model.parameters[entry]);
  const auto gradients = torch::autograd::grad({(output * cotangent_).sum()}, inputs);
  EXPECT_LT(RelativeL2(gradients.front(), golden_["grad.input.train"]), 1e-5);
  const NamedTensors expected = Renamed(golden_.Under("grad.param.train."), at::kDouble);
  EXPECT_EQ(expected.size(), trained.size());
  for (size_t i = 0; i < trained.size(); ++i) {
    const std::string& name = loaded_.model.entries[trained[i]].name;
    const auto found = std::ranges::find(expected, name, &NamedTensor::name);
    ASSERT_NE(found, expected.end()) << name;
    EXPECT_LT(RelativeL2(gradients[i + 1], found->tensor), 1e-4) << name;
  }
  for (const NamedTensor& after : Renamed(golden_.Under("buffer_after_train."), at::kDouble)) {
    const NamedTensors now = OfficialTensors(loaded_.model);
    const auto found = std::ranges::find(now, after.name, &NamedTensor::name);
    ASSERT_NE(found, now.end()) << after.name;
    EXPECT_LT((found->tensor - after.tensor).abs().max().item<double>(), 1e-5) << after.name;
  }
}

}  // namespace
}  // namespace archsweep
