#include "sweep/network/builder.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace archsweep {
namespace {

int WindowsAlong(int size, int extent, int stride, int padding) {
  CHECK(size + 2 * padding >= extent);
  return (size + 2 * padding - extent) / stride + 1;
}

}  // namespace

GraphBuilder::GraphBuilder(int image_size, const LayerStyle& style)
    : GraphBuilder(Shape{.channels = 3, .height = image_size, .width = image_size}, style) {}

GraphBuilder::GraphBuilder(const Shape& input, const LayerStyle& style) : style_(style) {
  CHECK(input.Elements() >= 1);
  AddNode(Input{}, {}, input);
}

const Shape& GraphBuilder::ShapeOf(NodeId node) const {
  CHECK(node >= 0 && static_cast<size_t>(node) < graph_.nodes.size());
  return graph_.nodes[static_cast<size_t>(node)].output;
}

NodeId GraphBuilder::StandardizeImage(NodeId x, const Standardize& constants) {
  CHECK(ShapeOf(x).channels == 3);
  return AddNode(constants, {x}, ShapeOf(x));
}

NodeId GraphBuilder::Convolve(NodeId x, std::string name, int channels,
                              const Convolution& convolution) {
  const Shape& in = ShapeOf(x);
  const auto& [kernel, stride, padding, groups, dilation] = convolution;
  CHECK(channels >= 1 && in.channels % groups == 0 && channels % groups == 0);
  const int extent = (kernel - 1) * dilation + 1;
  const Shape out = {.channels = channels,
                     .height = WindowsAlong(in.height, extent, stride, padding),
                     .width = WindowsAlong(in.width, extent, stride, padding)};
  return AddNode(convolution, {x}, out, std::move(name));
}

NodeId GraphBuilder::Normalize(NodeId x, std::string name) {
  const Shape shape = ShapeOf(x);
  CHECK(style_.affine || style_.norm == NormKind::kBatch);
  switch (style_.norm) {
    case NormKind::kBatch:
      return AddNode(BatchNorm{style_.affine}, {x}, shape, std::move(name));
    case NormKind::kGroup:
      return AddNode(GroupNorm{GroupsOfNorm(shape.channels)}, {x}, shape, std::move(name));
    case NormKind::kLayer:
      return AddNode(LayerNorm{}, {x}, shape, std::move(name));
    case NormKind::kInstance:
      return AddNode(InstanceNorm{}, {x}, shape);
  }
  CHECK(false);
}

NodeId GraphBuilder::Activate(NodeId x) { return ActivateAs(x, style_.activation); }

NodeId GraphBuilder::ActivateAs(NodeId x, ActivationKind kind) {
  return AddNode(Activation{kind}, {x}, ShapeOf(x));
}

NodeId GraphBuilder::Squash(NodeId x) { return AddNode(Sigmoid{}, {x}, ShapeOf(x)); }

NodeId GraphBuilder::Pool(NodeId x, const AveragePool& pool) {
  const Shape& in = ShapeOf(x);
  const Shape out = {.channels = in.channels,
                     .height = WindowsAlong(in.height, pool.kernel, pool.stride, pool.padding),
                     .width = WindowsAlong(in.width, pool.kernel, pool.stride, pool.padding)};
  return AddNode(pool, {x}, out);
}

NodeId GraphBuilder::CropCorner(NodeId x) {
  const Shape in = ShapeOf(x);
  CHECK(in.height >= 2 && in.width >= 2);
  return AddNode(CornerCrop{}, {x}, {in.channels, in.height - 1, in.width - 1});
}

NodeId GraphBuilder::PoolGlobally(NodeId x) {
  return AddNode(GlobalAveragePool{}, {x}, {ShapeOf(x).channels, 1, 1});
}

NodeId GraphBuilder::Connect(NodeId x, std::string name, int channels, bool bias) {
  CHECK(channels >= 1 && ShapeOf(x).height == 1 && ShapeOf(x).width == 1);
  return AddNode(Linear{bias}, {x}, {channels, 1, 1}, std::move(name));
}

NodeId GraphBuilder::Sum(NodeId a, NodeId b) {
  CHECK(ShapeOf(a) == ShapeOf(b));
  return AddNode(Add{}, {a, b}, ShapeOf(a));
}

NodeId GraphBuilder::Scale(NodeId x, NodeId factors) {
  CHECK((ShapeOf(factors) == Shape{ShapeOf(x).channels, 1, 1}));
  return AddNode(Multiply{}, {x, factors}, ShapeOf(x));
}

NodeId GraphBuilder::Take(NodeId x, int first, int channels) {
  const Shape& in = ShapeOf(x);
  CHECK(first >= 0 && channels >= 1 && first + channels <= in.channels);
  return AddNode(Slice{first}, {x}, {channels, in.height, in.width});
}

NodeId GraphBuilder::Join(std::span<const NodeId> parts) {
  CHECK(!parts.empty());
  Shape out = ShapeOf(parts.front());
  out.channels = 0;
  for (const NodeId part : parts) {
    CHECK(ShapeOf(part).height == out.height && ShapeOf(part).width == out.width);
    out.channels += ShapeOf(part).channels;
  }
  return AddNode(Concatenate{}, {parts.begin(), parts.end()}, out);
}

void GraphBuilder::Own(std::span<const NodeId> nodes) {
  for (const NodeId node : nodes) {
    if (!graph_.nodes[static_cast<size_t>(node)].name.empty()) graph_.owners.push_back(node);
  }
}

Graph GraphBuilder::Finish(NodeId output) && {
  graph_.output = output;
  std::vector<NodeId> named;
  for (size_t i = 0; i < graph_.nodes.size(); ++i) {
    if (!graph_.nodes[i].name.empty()) named.push_back(static_cast<NodeId>(i));
  }
  std::vector<NodeId> owners = graph_.owners;
  std::ranges::sort(owners);
  CHECK(owners == named);
  return std::move(graph_);
}

NodeId GraphBuilder::AddNode(const Operation& operation, std::vector<NodeId> inputs, Shape output,
                             std::string name) {
  graph_.nodes.push_back({operation, std::move(inputs), output, std::move(name)});
  return static_cast<NodeId>(graph_.nodes.size()) - 1;
}

}  // namespace archsweep
