#include "sweep/network/graph.h"

#include <vector>

namespace archsweep {

int GroupsOfNorm(int channels) {
  const int groups = channels / 8;
  return groups > 0 && channels % groups == 0 ? groups : 0;
}

std::vector<bool> LiveNodes(const Graph& graph) {
  std::vector<bool> live(graph.nodes.size(), false);
  live[static_cast<size_t>(graph.output)] = true;
  for (size_t i = graph.nodes.size(); i-- > 0;) {
    if (!live[i]) continue;
    for (const NodeId input : graph.nodes[i].inputs) live[static_cast<size_t>(input)] = true;
  }
  return live;
}

Graph WithoutDeadNodes(const Graph& graph) {
  const std::vector<bool> live = LiveNodes(graph);
  std::vector<NodeId> renamed(graph.nodes.size(), -1);
  Graph result{.first_weights = graph.first_weights};
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    if (!live[i]) continue;
    renamed[i] = static_cast<NodeId>(result.nodes.size());
    Node node = graph.nodes[i];
    for (NodeId& input : node.inputs) input = renamed[static_cast<size_t>(input)];
    result.nodes.push_back(std::move(node));
  }
  for (const NodeId owner : graph.owners) {
    const NodeId kept = renamed[static_cast<size_t>(owner)];
    if (kept >= 0) result.owners.push_back(kept);
  }
  result.output = renamed[static_cast<size_t>(graph.output)];
  return result;
}

}  // namespace archsweep
