#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "sweep/network/graph.h"

namespace archsweep {

// What Activate and Normalize add.
struct LayerStyle {
  ActivationKind activation = ActivationKind::kRelu;
  NormKind norm = NormKind::kBatch;
  bool affine = true;  // Norms scale and shift by learned factors. Only batch norms may not.
};

// Appends nodes to a graph and computes their shapes. Each function adds one node behind its inputs
// and returns it. Blocks are free functions over it. One thread; wrong shapes are bugs (asserted).
class GraphBuilder {
 public:
  // Adds the input node: RGB squares of `image_size` pixels, or whatever has the shape.
  explicit GraphBuilder(int image_size, const LayerStyle& style = {});
  explicit GraphBuilder(const Shape& input, const LayerStyle& style = {});

  // From the next node on.
  void Use(const LayerStyle& style) { style_ = style; }

  NodeId Image() const { return 0; }
  const Shape& ShapeOf(NodeId node) const;

  NodeId StandardizeImage(NodeId x, const Standardize& constants);
  NodeId Convolve(NodeId x, std::string name, int channels, const Convolution& convolution);
  NodeId Normalize(NodeId x, std::string name);
  NodeId Activate(NodeId x);
  NodeId ActivateAs(NodeId x, ActivationKind kind);
  NodeId Squash(NodeId x);  // Sigmoid.
  NodeId Pool(NodeId x, const AveragePool& pool);
  NodeId CropCorner(NodeId x);  // Without the first row and the first column.
  NodeId PoolGlobally(NodeId x);
  NodeId Connect(NodeId x, std::string name, int channels, bool bias);  // Linear.
  NodeId Sum(NodeId a, NodeId b);
  NodeId Scale(NodeId x, NodeId factors);          // Multiply.
  NodeId Take(NodeId x, int first, int channels);  // Slice.
  NodeId Join(std::span<const NodeId> parts);      // Concatenate.

  // Declares owners of weights in the order of the official state dict, which lists the modules of
  // a block in the order of their definition and not of their use. Every node with a name is
  // declared exactly once (asserted by Finish); those without one, such as instance norms, own
  // nothing and are passed over.
  void Own(std::span<const NodeId> nodes);
  void Own(std::initializer_list<NodeId> nodes) { Own(std::span(nodes.begin(), nodes.size())); }

  Graph Finish(NodeId output) &&;

 private:
  NodeId AddNode(const Operation& operation, std::vector<NodeId> inputs, Shape output,
                 std::string name = "");

  Graph graph_;
  LayerStyle style_;
};

}  // namespace archsweep
