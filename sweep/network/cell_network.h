#pragma once

#include <string>
#include <vector>

#include "sweep/network/builder.h"
#include "sweep/network/genotype.h"
#include "sweep/network/graph.h"

namespace archsweep {

// A network stacked from one searched cell (paper, section 2): a stem, `layers` cells of which
// those at a third and at two thirds halve the image and double the channels, pooling, a linear
// layer.
struct CellSpec {
  const Genotype* genotype = nullptr;  // Null: the network is not one of cells.
  int channels = 0;                    // Of the first cells; even.
  int layers = 0;
  friend bool operator==(const CellSpec&, const CellSpec&) = default;
};

inline constexpr int kCellChannelsMax = 4096;
inline constexpr int kCellLayersMax = 1000;

// As Problems(ArchitectureSpec) in architecture.h.
std::vector<std::string> Problems(const CellSpec& spec, int image_size);

// `builder` has the image, and whatever is done to it first, as `x`. `spec` has no Problems
// (asserted).
Graph BuildCellNetwork(const CellSpec& spec, GraphBuilder builder, NodeId x, int classes);

}  // namespace archsweep
