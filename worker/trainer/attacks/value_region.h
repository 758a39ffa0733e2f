#pragma once

#include <cstdint>

#include "sweep/network/graph.h"

namespace archsweep {

// Pixels of a value: rows from top, columns from left. May stick out of the value.
struct Region {
  int64_t top = 0;
  int64_t left = 0;
  int64_t height = 0;
  int64_t width = 0;

  int64_t Area() const { return height * width; }
  bool Contains(const Region& other) const;
  friend bool operator==(const Region&, const Region&) = default;
};

Region Whole(const Shape& shape);
Region Intersection(const Region& a, const Region& b);  // Of those that meet.
Region Hull(const Region& a, const Region& b);

// How a layer carries a change of its inputs on.
enum class Reach {
  kPoint,   // Every pixel depends on the same pixel of the input.
  kJoin,    // The same, of several inputs.
  kWindow,  // On a window around it.
  kWhole,   // On all of them, or in another way.
};
Reach ReachOf(const Node& node);

// Of a node with Reach::kWindow.
struct Sliding {
  int64_t size = 1;  // Pixels from the first to the last that one output reads.
  int64_t stride = 1;
  int64_t padding = 0;
};
Sliding SlidingOf(const Node& node);

// Pixels of the output that depend on `changed` ones. Of the same size wherever those lie, where
// the output has room, so that few different sizes occur.
Region Reached(const Sliding& sliding, const Region& changed, const Shape& output);

// Pixels of the padded input that those of the output read.
Region Needed(const Sliding& sliding, const Region& outputs);

}  // namespace archsweep
