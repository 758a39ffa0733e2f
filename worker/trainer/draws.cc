#include "worker/trainer/draws.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "base/check.h"
#include "base/philox.h"

namespace archsweep {
namespace {

constexpr uint64_t kStepEnd = uint64_t{1} << 56;
constexpr float kUnit24 = 0x1p-24f;

// In [0, 1).
float ToUniform(uint32_t word) { return static_cast<float>(word >> 8) * kUnit24; }

void ToNormalPair(uint32_t a, uint32_t b, float* pair) {
  const float radius = std::sqrt(-2 * std::log(static_cast<float>((a >> 8) + 1) * kUnit24));
  const float angle = 2 * std::numbers::pi_v<float> * ToUniform(b);
  pair[0] = radius * std::cos(angle);
  pair[1] = radius * std::sin(angle);
}

}  // namespace

std::array<uint32_t, 4> DrawBlock(const DrawKey& key, uint32_t sample, uint32_t block) {
  CHECK(key.step < kStepEnd);
  const auto low = [](uint64_t value) { return static_cast<uint32_t>(value); };
  const auto high = [](uint64_t value) { return static_cast<uint32_t>(value >> 32); };
  return Philox4x32(
      {block, sample, low(key.step), high(key.step) | static_cast<uint32_t>(key.purpose) << 24},
      {low(key.seed), high(key.seed)});
}

void DrawUniform(const DrawKey& key, uint32_t sample, std::span<float> values) {
  for (size_t i = 0; i < values.size(); i += 4) {
    const auto words = DrawBlock(key, sample, static_cast<uint32_t>(i / 4));
    const size_t count = std::min<size_t>(4, values.size() - i);
    for (size_t j = 0; j < count; ++j) values[i + j] = ToUniform(words[j]);
  }
}

void DrawNormal(const DrawKey& key, uint32_t sample, std::span<float> values) {
  for (size_t i = 0; i < values.size(); i += 4) {
    const auto words = DrawBlock(key, sample, static_cast<uint32_t>(i / 4));
    std::array<float, 4> normal;
    ToNormalPair(words[0], words[1], &normal[0]);
    ToNormalPair(words[2], words[3], &normal[2]);
    const size_t count = std::min<size_t>(4, values.size() - i);
    std::copy_n(normal.begin(), count, values.begin() + static_cast<ptrdiff_t>(i));
  }
}

std::vector<int64_t> DrawPermutation(const DrawKey& key, int64_t count) {
  std::vector<std::pair<uint64_t, int64_t>> order;
  order.reserve(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    const auto words = DrawBlock(key, static_cast<uint32_t>(i), 0);
    order.emplace_back(uint64_t{words[0]} << 32 | words[1], i);
  }
  std::ranges::sort(order);
  std::vector<int64_t> permutation;
  permutation.reserve(order.size());
  for (const auto& [draw, index] : order) permutation.push_back(index);
  return permutation;
}

std::vector<int64_t> DrawIntegers(const DrawKey& key, int64_t count, int64_t end) {
  std::vector<int64_t> values;
  values.reserve(static_cast<size_t>(count));
  std::array<uint32_t, 4> words{};
  for (int64_t i = 0; i < count; ++i) {
    if (i % 4 == 0) words = DrawBlock(key, 0, static_cast<uint32_t>(i / 4));
    values.push_back(IntegerOf(words.at(static_cast<size_t>(i % 4)), end));
  }
  return values;
}

double UnitOf(uint32_t word) { return static_cast<double>(word) * 0x1p-32; }

int64_t IntegerOf(uint32_t word, int64_t end) {
  CHECK(end >= 1 && end <= int64_t{1} << 32);
  return static_cast<int64_t>(uint64_t{word} * static_cast<uint64_t>(end) >> 32);
}

}  // namespace archsweep
