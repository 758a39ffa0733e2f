#include "worker/trainer/attacks/value_region.h"

#include <algorithm>
#include <variant>

#include "base/check.h"

namespace archsweep {
namespace {

// First and length of the outputs that see inputs first .. first + length - 1.
struct Span {
  int64_t first = 0;
  int64_t length = 0;
};

template <class... Kinds>
bool Is(const Node& node) {
  return (std::holds_alternative<Kinds>(node.operation) || ...);
}

int64_t DivideUp(int64_t a, int64_t b) { return a >= 0 ? (a + b - 1) / b : -(-a / b); }

Span ReachedSpan(const Sliding& sliding, const Span& changed, int64_t outputs) {
  Span span;
  span.length = std::min((changed.length + sliding.size - 2) / sliding.stride + 1, outputs);
  span.first = DivideUp(changed.first + sliding.padding - sliding.size + 1, sliding.stride);
  span.first = std::clamp<int64_t>(span.first, 0, outputs - span.length);
  return span;
}

}  // namespace

bool Region::Contains(const Region& other) const {
  return top <= other.top && left <= other.left && other.top + other.height <= top + height &&
         other.left + other.width <= left + width;
}

Region Whole(const Shape& shape) { return {.height = shape.height, .width = shape.width}; }

Region Intersection(const Region& a, const Region& b) {
  Region result = {.top = std::max(a.top, b.top), .left = std::max(a.left, b.left)};
  result.height = std::min(a.top + a.height, b.top + b.height) - result.top;
  result.width = std::min(a.left + a.width, b.left + b.width) - result.left;
  CHECK(result.height > 0 && result.width > 0);
  return result;
}

Region Hull(const Region& a, const Region& b) {
  Region result = {.top = std::min(a.top, b.top), .left = std::min(a.left, b.left)};
  result.height = std::max(a.top + a.height, b.top + b.height) - result.top;
  result.width = std::max(a.left + a.width, b.left + b.width) - result.left;
  return result;
}

Reach ReachOf(const Node& node) {
  if (Is<Standardize, BatchNorm, LayerNorm, Activation, Sigmoid, Slice>(node)) return Reach::kPoint;
  if (Is<Add, Concatenate>(node)) return Reach::kJoin;
  if (Is<Convolution>(node)) return Reach::kWindow;
  if (const auto* pool = std::get_if<AveragePool>(&node.operation)) {
    // Otherwise the divisor depends on where the window lies.
    return pool->count_padding || pool->padding == 0 ? Reach::kWindow : Reach::kWhole;
  }
  return Reach::kWhole;
}

Sliding SlidingOf(const Node& node) {
  if (const auto* pool = std::get_if<AveragePool>(&node.operation)) {
    return {.size = pool->kernel, .stride = pool->stride, .padding = pool->padding};
  }
  const auto& convolution = std::get<Convolution>(node.operation);
  return {.size = convolution.dilation * (convolution.kernel - 1) + 1,
          .stride = convolution.stride,
          .padding = convolution.padding};
}

Region Reached(const Sliding& sliding, const Region& changed, const Shape& output) {
  const Span rows = ReachedSpan(sliding, {changed.top, changed.height}, output.height);
  const Span columns = ReachedSpan(sliding, {changed.left, changed.width}, output.width);
  return {.top = rows.first, .left = columns.first, .height = rows.length, .width = columns.length};
}

Region Needed(const Sliding& sliding, const Region& outputs) {
  return {.top = outputs.top * sliding.stride - sliding.padding,
          .left = outputs.left * sliding.stride - sliding.padding,
          .height = (outputs.height - 1) * sliding.stride + sliding.size,
          .width = (outputs.width - 1) * sliding.stride + sliding.size};
}

}  // namespace archsweep
