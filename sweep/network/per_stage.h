#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

namespace archsweep {

inline constexpr int kStages = 3;

// A value for each stage of a network. Most often all are equal, so that one value stands for
// three.
template <class T>
class PerStage {
 public:
  constexpr PerStage() : values_{} {}
  // NOLINTNEXTLINE(google-explicit-constructor): a field is written as one value where it can be.
  constexpr PerStage(const T& everywhere) : values_{} { values_.fill(everywhere); }
  constexpr PerStage(const T& first, const T& second, const T& third)
      : values_{first, second, third} {}

  constexpr const T& operator[](size_t stage) const { return values_[stage]; }
  constexpr T& operator[](size_t stage) { return values_[stage]; }

  // Whether all stages have the same value.
  constexpr bool IsUniform() const { return values_[1] == values_[0] && values_[2] == values_[0]; }

  constexpr auto begin() const { return values_.begin(); }
  constexpr auto end() const { return values_.end(); }
  constexpr auto begin() { return values_.begin(); }
  constexpr auto end() { return values_.end(); }
  static constexpr size_t size() { return kStages; }

  friend constexpr bool operator==(const PerStage&, const PerStage&) = default;

 private:
  std::array<T, kStages> values_;
};

}  // namespace archsweep
