#include "sweep/network/describe.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "sweep/network/cost.h"

namespace archsweep {
namespace {

std::string Describe(const Input&) { return "input"; }
std::string Describe(const Standardize&) { return "standardize"; }
std::string Describe(const Convolution& conv) {
  std::string text = Format("conv {0}x{0}", conv.kernel);
  if (conv.stride != 1) text += Format(" stride {}", conv.stride);
  if (conv.groups != 1) text += Format(" groups {}", conv.groups);
  if (conv.dilation != 1) text += Format(" dilation {}", conv.dilation);
  return text;
}
std::string Describe(const BatchNorm& norm) {
  return norm.affine ? "batch norm" : "batch norm, no affine";
}
std::string Describe(const GroupNorm& norm) { return Format("group norm of {}", norm.groups); }
std::string Describe(const LayerNorm&) { return "layer norm"; }
std::string Describe(const InstanceNorm&) { return "instance norm"; }
std::string Describe(const Activation& activation) { return std::string(NameOf(activation.kind)); }
std::string Describe(const Sigmoid&) { return "sigmoid"; }
std::string Describe(const AveragePool& pool) {
  return Format("average pool {0}x{0} stride {1}", pool.kernel, pool.stride);
}
std::string Describe(const CornerCrop&) { return "crop corner"; }
std::string Describe(const GlobalAveragePool&) { return "global average pool"; }
std::string Describe(const Linear& linear) { return linear.bias ? "linear" : "linear, no bias"; }
std::string Describe(const Add&) { return "add"; }
std::string Describe(const Multiply&) { return "multiply"; }
std::string Describe(const Slice& slice) { return Format("slice from {}", slice.first); }
std::string Describe(const Concatenate&) { return "concatenate"; }

// One line of the description.
struct Layer {
  size_t id = 0;
  std::string operation;
  const Node* node = nullptr;
  int64_t parameters = 0;
  int64_t macs = 0;  // 0 where dead.
  bool dead = false;
};

std::vector<Layer> LayersOf(const Graph& graph) {
  const std::vector<bool> live = LiveNodes(graph);
  std::vector<Layer> layers;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    layers.push_back(
        {.id = i,
         .operation = std::visit([](const auto& op) { return Describe(op); }, node.operation),
         .node = &node,
         .parameters = ParametersOf(graph, node),
         .macs = live[i] ? MacsOf(graph, node) : 0,
         .dead = !live[i]});
  }
  return layers;
}

std::string ShapeText(const Shape& shape) {
  if (shape.height == 1 && shape.width == 1) return Format("{}", shape.channels);
  return Format("{} x {} x {}", shape.channels, shape.height, shape.width);
}

std::string InputsText(const Node& node) {
  std::string text;
  for (const NodeId input : node.inputs) text += Format("{}{}", text.empty() ? "" : " ", input);
  return text.empty() ? "-" : text;
}

}  // namespace

std::string DescribeAsTable(const Graph& graph, const std::vector<std::string>& readings) {
  const std::vector<Layer> layers = LayersOf(graph);
  size_t name_width = std::string_view("name").size();
  size_t inputs_width = std::string_view("inputs").size();
  for (const Layer& layer : layers) {
    name_width = std::max(name_width, layer.node->name.size());
    inputs_width = std::max(inputs_width, InputsText(*layer.node).size());
  }
  std::string table =
      Format("{:>6}  {:<28}  {:<{}}  {:<{}}  {:<16}  {:>12}  {:>14}\n", "id", "operation", "name",
             name_width, "inputs", inputs_width, "output", "parameters", "macs");
  for (const auto& [id, operation, node, parameters, macs, dead] : layers) {
    table += Format("{:>6}  {:<28}  {:<{}}  {:<{}}  {:<16}  {:>12}  {:>14}{}\n", id, operation,
                    node->name, name_width, InputsText(*node), inputs_width,
                    ShapeText(node->output), parameters, macs, dead ? "  dead" : "");
  }
  const Cost cost = CostOf(graph);
  table += Format("\n{} layers, {} parameters ({}), {} multiply-accumulates ({})\n", layers.size(),
                  cost.parameters, HumanCount(static_cast<double>(cost.parameters)), cost.macs,
                  HumanCount(static_cast<double>(cost.macs)));
  for (const std::string& reading : readings) {
    table += Format("This project's reading, for no source defines it: {}\n", reading);
  }
  return table;
}

Json DescribeAsJson(const Graph& graph, const std::vector<std::string>& readings) {
  Json layers = Json::array();
  for (const auto& [id, operation, node, parameters, macs, dead] : LayersOf(graph)) {
    const Shape& shape = node->output;
    layers.push_back({{"id", id},
                      {"operation", operation},
                      {"name", node->name},
                      {"inputs", node->inputs},
                      {"output", {shape.channels, shape.height, shape.width}},
                      {"parameters", parameters},
                      {"macs", macs},
                      {"dead", dead}});
  }
  const Cost cost = CostOf(graph);
  return {{"parameters", cost.parameters},
          {"macs", cost.macs},
          {"readings", readings},
          {"layers", std::move(layers)}};
}

}  // namespace archsweep
