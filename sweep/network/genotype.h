#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace archsweep {

// What an edge of a cell does. All work on the channels of the cell; those with weights begin with
// ReLU.
enum class CellOperation {
  kSkip,        // Identity; at stride 2 a factorized reduction.
  kSeparable3,  // Twice: ReLU, depthwise 3x3, pointwise, batch norm.
  kSeparable5,
  kDilated3,          // ReLU, depthwise 3x3 of dilation 2, pointwise, batch norm.
  kAverage3,          // Average pool 3x3 that leaves padding out of the divisor.
  kSeparableAndSkip,  // The sum of a separable 3x3 convolution and a skip.
};

struct CellEdge {
  CellOperation operation = CellOperation::kSkip;
  int from = 0;  // 0, 1: the two inputs of the cell; 2...: its earlier nodes.
};

// Each node is the sum of its edges; a cell outputs the channels of all its nodes.
using CellNodes = std::vector<std::vector<CellEdge>>;

// A cell found by architecture search, from which a network is stacked (paper, section 2).
struct Genotype {
  std::string name;  // In a sweep file.
  std::string summary;
  CellNodes normal;
  CellNodes reduce;
  bool affine = true;             // Of the norms within cells.
  bool wraps_operations = false;  // The official code has one more module around each edge.
};

std::span<const Genotype> Genotypes();

// kInvalidInput with the nearest name if there is none of that name.
Result<const Genotype*> GenotypeByName(std::string_view name);

}  // namespace archsweep
