#include "sweep/network/cell_network.h"

#include <utility>

#include "base/check.h"
#include "base/text.h"

namespace archsweep {
namespace {

constexpr int kStemMultiplier = 3;  // Channels of the stem, in those of the first cells.
constexpr int kReductions = 2;

// Adds the operations of cells. Names are those of the official code.
class CellBuilder {
 public:
  CellBuilder(GraphBuilder& builder, const Genotype& genotype)
      : builder_(builder), genotype_(genotype) {}

  // One cell behind its two inputs.
  NodeId Add(const std::string& name, NodeId before_last, NodeId last, int channels, bool reduces,
             bool previous_reduced) {
    std::vector<NodeId> states;
    states.push_back(previous_reduced
                         ? ReduceByFactors(name + ".preprocess0", before_last, channels)
                         : Preprocess(name + ".preprocess0", before_last, channels));
    states.push_back(Preprocess(name + ".preprocess1", last, channels));
    int operation = 0;
    for (const auto& edges : reduces ? genotype_.reduce : genotype_.normal) {
      std::vector<NodeId> results;
      for (const CellEdge& edge : edges) {
        std::string edge_name = Format("{}._ops.{}", name, operation++);
        if (genotype_.wraps_operations) edge_name += ".op";
        const int stride = reduces && edge.from < 2 ? 2 : 1;
        results.push_back(Apply(edge, edge_name, states[static_cast<size_t>(edge.from)], stride));
      }
      NodeId sum = results.front();
      for (size_t i = 1; i < results.size(); ++i) sum = builder_.Sum(sum, results[i]);
      states.push_back(sum);
    }
    return builder_.Join(std::span(states).subspan(2));
  }

 private:
  NodeId Apply(const CellEdge& edge, const std::string& name, NodeId x, int stride) {
    switch (edge.operation) {
      case CellOperation::kSkip:
        return Skip(name, x, stride);
      case CellOperation::kSeparable3:
        return Separate(name, x, 3, stride);
      case CellOperation::kSeparable5:
        return Separate(name, x, 5, stride);
      case CellOperation::kDilated3:
        return Dilate(name, x, stride);
      case CellOperation::kAverage3:
        return builder_.Pool(x,
                             {.kernel = 3, .stride = stride, .padding = 1, .count_padding = false});
      case CellOperation::kSeparableAndSkip: {
        const NodeId convolved = Separate(name + ".conv", x, 3, stride);
        return builder_.Sum(convolved, Skip(name + ".res", x, stride));
      }
    }
    CHECK(false);
  }

  NodeId Skip(const std::string& name, NodeId x, int stride) {
    return stride == 1 ? x : ReduceByFactors(name, x, builder_.ShapeOf(x).channels);
  }

  NodeId Preprocess(const std::string& name, NodeId x, int channels) {
    const NodeId conv = builder_.Convolve(builder_.Activate(x), name + ".op.1", channels, {});
    const NodeId norm = builder_.Normalize(conv, name + ".op.2");
    builder_.Own({conv, norm});
    return norm;
  }

  // Two 1x1 convolutions of stride 2, the second one pixel further, share the channels.
  NodeId ReduceByFactors(const std::string& name, NodeId x, int channels) {
    const NodeId activated = builder_.Activate(x);
    const NodeId even = builder_.Convolve(activated, name + ".conv_1", channels / 2, {.stride = 2});
    const NodeId odd = builder_.Convolve(builder_.CropCorner(activated), name + ".conv_2",
                                         channels / 2, {.stride = 2});
    const std::vector<NodeId> halves = {even, odd};
    const NodeId norm = builder_.Normalize(builder_.Join(halves), name + ".bn");
    builder_.Own({even, odd, norm});
    return norm;
  }

  NodeId Separate(const std::string& name, NodeId x, int kernel, int stride) {
    const NodeId half =
        Depthwise(name, 1, x, {.kernel = kernel, .stride = stride, .padding = kernel / 2});
    return Depthwise(name, 5, half, {.kernel = kernel, .padding = kernel / 2});
  }

  NodeId Dilate(const std::string& name, NodeId x, int stride) {
    return Depthwise(name, 1, x, {.kernel = 3, .stride = stride, .padding = 2, .dilation = 2});
  }

  // ReLU, depthwise, pointwise, norm: modules `first` - 1 to `first` + 2 of the official sequence.
  NodeId Depthwise(const std::string& name, int first, NodeId x, Convolution convolution) {
    const int channels = builder_.ShapeOf(x).channels;
    convolution.groups = channels;
    const NodeId depthwise = builder_.Convolve(
        builder_.Activate(x), Format("{}.op.{}", name, first), channels, convolution);
    const NodeId pointwise =
        builder_.Convolve(depthwise, Format("{}.op.{}", name, first + 1), channels, {});
    const NodeId norm = builder_.Normalize(pointwise, Format("{}.op.{}", name, first + 2));
    builder_.Own({depthwise, pointwise, norm});
    return norm;
  }

  GraphBuilder& builder_;
  const Genotype& genotype_;
};

}  // namespace

std::vector<std::string> Problems(const CellSpec& spec, int image_size) {
  CHECK(spec.genotype != nullptr);
  std::vector<std::string> problems;
  if (spec.channels < 2 || spec.channels > kCellChannelsMax || spec.channels % 2 != 0) {
    problems.push_back(Format("channels is {}; it must be an even number from 2 to {}",
                              spec.channels, kCellChannelsMax));
  }
  if (spec.layers < 3 || spec.layers > kCellLayersMax) {
    problems.push_back(
        Format("layers is {}; it must be from 3 to {}", spec.layers, kCellLayersMax));
  }
  constexpr int kDivisor = 1 << kReductions;
  if (image_size % kDivisor != 0) {
    problems.push_back(
        Format("cells {} halve the image twice; its size {} must be a multiple of {}",
               spec.genotype->name, image_size, kDivisor));
  }
  return problems;
}

Graph BuildCellNetwork(const CellSpec& spec, GraphBuilder builder, NodeId x, int classes) {
  CHECK(Problems(spec, builder.ShapeOf(x).height).empty());
  const Genotype& genotype = *spec.genotype;
  const NodeId stem =
      builder.Convolve(x, "stem.0", kStemMultiplier * spec.channels, {.kernel = 3, .padding = 1});
  const NodeId norm = builder.Normalize(stem, "stem.1");
  builder.Own({stem, norm});
  builder.Use({.affine = genotype.affine});
  CellBuilder cells(builder, genotype);
  NodeId before_last = norm;
  NodeId last = norm;
  int channels = spec.channels;
  bool previous_reduced = false;
  for (int layer = 0; layer < spec.layers; ++layer) {
    const bool reduces = layer == spec.layers / 3 || layer == 2 * spec.layers / 3;
    if (reduces) channels *= 2;
    const NodeId output = cells.Add(Format("cells.{}", layer), before_last, last, channels, reduces,
                                    previous_reduced);
    before_last = std::exchange(last, output);
    previous_reduced = reduces;
  }
  const NodeId logits = builder.Connect(builder.PoolGlobally(last), "classifier", classes, true);
  builder.Own({logits});
  Graph graph = std::move(builder).Finish(logits);
  graph.first_weights = FirstWeights::kByFanIn;
  return graph;
}

}  // namespace archsweep
