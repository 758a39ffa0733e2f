#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "sweep/network/architecture.h"

namespace archsweep {

// Of one image; a vector has height = width = 1.
struct Shape {
  int channels = 0;
  int height = 0;
  int width = 0;
  int64_t Elements() const { return int64_t{channels} * height * width; }
  friend bool operator==(const Shape&, const Shape&) = default;
};

// What a node computes. "Owns NAME.x" gives the official state-dict entries, NAME being the node's name.
struct Input {};  // RGB in [0, 1].
struct Standardize {  // (x - mean) / deviation per channel, constants.
  std::array<float, 3> mean{};
  std::array<float, 3> deviation{};
};
struct Convolution {  // No bias. Owns NAME.weight [channels, input channels / groups, kernel, kernel].
  int kernel = 1;
  int stride = 1;
  int padding = 0;
  int groups = 1;
};
struct BatchNorm {};  // eps 1e-5. Owns NAME.weight, .bias, .running_mean, .running_var, .num_batches_tracked.
struct Activation {
  ActivationKind kind = ActivationKind::kRelu;
};
struct Sigmoid {};
struct AveragePool {  // Padding counts in the divisor.
  int kernel = 1;
  int stride = 1;
  int padding = 0;
};
struct GlobalAveragePool {};  // To one value a channel.
struct Linear {  // Owns NAME.weight [channels, input channels] and, with bias, NAME.bias.
  bool bias = true;
};
struct Add {};       // Two inputs of one shape.
struct Multiply {};  // The second input has one value a channel, spread over the first.
struct Slice {       // Channels first .. first + output.channels - 1.
  int first = 0;
};
struct Concatenate {};  // Along channels.

using Operation = std::variant<Input, Standardize, Convolution, BatchNorm, Activation, Sigmoid, AveragePool,
                               GlobalAveragePool, Linear, Add, Multiply, Slice, Concatenate>;

using NodeId = int;

struct Node {
  Operation operation;
  std::vector<NodeId> inputs;
  Shape output;
  std::string name;  // Official module name where the operation owns weights, otherwise empty.
};

// A network layer by layer, without tensors. Built once; the counter, the printer and the trainer read the same one.
struct Graph {
  std::vector<Node> nodes;     // In an order in which inputs come first; nodes[0] is the input.
  std::vector<NodeId> owners;  // The nodes that own weights, in the order of the official state dict.
  NodeId output = 0;           // The logits.
};

// `spec` has no Problems (asserted); images are RGB squares of `image_size` pixels.
Graph BuildGraph(const ArchitectureSpec& spec, int image_size, int classes);

// The same graph without the nodes that the output does not depend on. `owners` shrinks with it.
Graph WithoutDeadNodes(const Graph& graph);

// One entry of the official state dict.
struct StateEntry {
  std::string name;
  std::vector<int64_t> shape;   // Empty: a single number (num_batches_tracked, an integer).
  bool is_parameter = true;     // Otherwise a buffer.
  NodeId owner = 0;
};

// All entries that the graph owns, dead nodes included, in official order.
std::vector<StateEntry> StateEntries(const Graph& graph);

}  // namespace archsweep
