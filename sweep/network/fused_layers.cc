#include "sweep/network/fused_layers.h"

#include <algorithm>

namespace archsweep {
namespace {

class Fuser {
 public:
  explicit Fuser(const Graph& graph)
      : graph_(graph), live_(LiveNodes(graph)), users_(graph.nodes.size()) {
    for (size_t i = 0; i < graph.nodes.size(); ++i) {
      if (!live_[i]) continue;
      for (const NodeId input : graph.nodes[i].inputs) {
        users_[static_cast<size_t>(input)].push_back(static_cast<NodeId>(i));
      }
    }
  }

  std::vector<FusedLayer> Run() {
    std::vector<bool> taken(graph_.nodes.size(), false);
    std::vector<FusedLayer> layers;
    for (size_t i = 1; i < graph_.nodes.size(); ++i) {
      if (!live_[i] || taken[i]) continue;
      layers.push_back(LayerFrom(static_cast<NodeId>(i), taken));
    }
    std::ranges::sort(layers, {}, &FusedLayer::output);
    return layers;
  }

 private:
  template <class Operation>
  bool Is(NodeId node) const {
    return std::holds_alternative<Operation>(graph_.nodes[static_cast<size_t>(node)].operation);
  }

  // The node behind `node` if it is an `Operation` and all that reads it.
  template <class Operation>
  std::optional<NodeId> Next(NodeId node, const std::vector<bool>& taken) const {
    const std::vector<NodeId>& users = users_[static_cast<size_t>(node)];
    if (node == graph_.output || users.size() != 1 || !Is<Operation>(users.front()) ||
        taken[static_cast<size_t>(users.front())]) {
      return std::nullopt;
    }
    return users.front();
  }

  FusedLayer LayerFrom(NodeId first, std::vector<bool>& taken) const {
    FusedLayer layer = {.first = first, .output = first};
    const auto take = [&](std::optional<NodeId> next) {
      if (!next) return false;
      layer.output = *next;
      taken[static_cast<size_t>(*next)] = true;
      return true;
    };
    const bool is_convolution = Is<Convolution>(first);
    if (!is_convolution && !Is<BatchNorm>(first) && !Is<Standardize>(first)) return layer;
    if (is_convolution && take(Next<BatchNorm>(layer.output, taken))) layer.norm = layer.output;
    if (is_convolution) {
      const NodeId summand = layer.output;
      if (take(Next<Add>(summand, taken))) {
        const std::vector<NodeId>& summands = NodeAt(layer.output).inputs;
        layer.addend = summands[0] == summand ? summands[1] : summands[0];
      }
    }
    if (take(Next<Activation>(layer.output, taken))) {
      layer.activation = std::get<Activation>(NodeAt(layer.output).operation).kind;
    }
    return layer;
  }

  const Node& NodeAt(NodeId node) const { return graph_.nodes[static_cast<size_t>(node)]; }

  const Graph& graph_;
  const std::vector<bool> live_;
  std::vector<std::vector<NodeId>> users_;  // Living ones, by node.
};

}  // namespace

std::vector<FusedLayer> FuseLayers(const Graph& graph) { return Fuser(graph).Run(); }

}  // namespace archsweep
