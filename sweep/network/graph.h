#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "sweep/network/layer_kinds.h"

namespace archsweep {

// Of one image; a vector has height = width = 1.
struct Shape {
  int channels = 0;
  int height = 0;
  int width = 0;
  int64_t Elements() const { return int64_t{channels} * height * width; }
  friend bool operator==(const Shape&, const Shape&) = default;
};

// What a node computes. "Owns NAME.x" gives the official state-dict entries, NAME being the node's
// name.

// RGB in [0, 1].
struct Input {};

// (x - mean) / deviation per channel, constants.
struct Standardize {
  std::array<float, 3> mean{};
  std::array<float, 3> deviation{};
};

// No bias. Owns NAME.weight [channels, input channels / groups, kernel, kernel].
struct Convolution {
  int kernel = 1;
  int stride = 1;
  int padding = 0;
  int groups = 1;
  int dilation = 1;
};

// All norms have eps 1e-5. Owns NAME.weight and .bias where it is affine, and always .running_mean,
// .running_var, .num_batches_tracked.
struct BatchNorm {
  bool affine = true;
};

// Owns NAME.weight, .bias.
struct GroupNorm {
  int groups = 1;
};

// Over the channels of each pixel. Owns NAME.weight, .bias.
struct LayerNorm {};

// Over the pixels of each channel; owns nothing.
struct InstanceNorm {};

struct Activation {
  ActivationKind kind = ActivationKind::kRelu;
};

struct Sigmoid {};

struct AveragePool {
  int kernel = 1;
  int stride = 1;
  int padding = 0;
  bool count_padding = true;  // In the divisor.
};

// Without the first row and the first column.
struct CornerCrop {};

// To one value a channel.
struct GlobalAveragePool {};

// Owns NAME.weight [channels, input channels] and, with bias, NAME.bias.
struct Linear {
  bool bias = true;
};

// Two inputs of one shape.
struct Add {};

// The second input has one value a channel, spread over the first.
struct Multiply {};

// Channels first .. first + output.channels - 1.
struct Slice {
  int first = 0;
};

// Along channels.
struct Concatenate {};

using Operation = std::variant<Input, Standardize, Convolution, BatchNorm, GroupNorm, LayerNorm,
                               InstanceNorm, Activation, Sigmoid, AveragePool, GlobalAveragePool,
                               CornerCrop, Linear, Add, Multiply, Slice, Concatenate>;

using NodeId = int;

struct Node {
  Operation operation;
  std::vector<NodeId> inputs;
  Shape output;
  std::string name;  // Official module name where the operation owns weights, otherwise empty.
};

// How the official code draws the first weights of a network. Norms begin as 1 and 0.
enum class FirstWeights {
  // Convolutions normal with deviation sqrt(2 / (kernel^2 * output channels)), also where they are
  // grouped; linear layers uniform within 1 / sqrt(inputs), their biases 0 (paper, section 1.1).
  kByFanOut,
  // What PyTorch does by itself: convolutions, linear layers and their biases uniform within
  // 1 / sqrt(inputs of one output).
  kByFanIn,
};

// A network layer by layer, without tensors. Built once; the counter, the printer and the trainer
// read the same one.
struct Graph {
  std::vector<Node> nodes;     // In an order in which inputs come first; nodes[0] is the input.
  std::vector<NodeId> owners;  // Those that own weights, in the order of the official state dict.
  NodeId output = 0;           // The logits.
  FirstWeights first_weights = FirstWeights::kByFanOut;
};

// The groups of a group norm over so many channels; 0 if there can be none (paper, section 1.5).
int GroupsOfNorm(int channels);

// For each node, whether the output depends on it.
std::vector<bool> LiveNodes(const Graph& graph);

// The same graph without the nodes that the output does not depend on. `owners` shrinks with it.
Graph WithoutDeadNodes(const Graph& graph);

// One entry of the official state dict.
struct StateEntry {
  std::string name;
  std::vector<int64_t> shape;  // Empty: a single number (num_batches_tracked, an integer).
  bool is_parameter = true;    // Otherwise a buffer.
  NodeId owner = 0;
};

// All entries that the graph owns, dead nodes included, in official order.
std::vector<StateEntry> StateEntries(const Graph& graph);

}  // namespace archsweep
