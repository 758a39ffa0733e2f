#pragma once

#include <ATen/ATen.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/check.h"
#include "worker/trainer/model.h"
#include "worker/trainer/safetensors.h"

namespace archsweep {

// The one of that name, which is there (asserted).
inline at::Tensor TensorNamed(const NamedTensors& tensors, std::string_view name) {
  const auto found = std::ranges::find(tensors, name, &NamedTensor::name);
  CHECK(found != tensors.end());
  return found->tensor;
}

// A file below tests/data/golden.
class Golden {
 public:
  explicit Golden(const std::string& name)
      : tensors_(ReadSafetensors(std::filesystem::path(ARCHSWEEP_SOURCE_DIR) / "tests/data/golden" /
                                 (name + ".safetensors"))
                     .value()) {}

  at::Tensor operator[](std::string_view name) const { return TensorNamed(tensors_, name); }

  double Number(std::string_view name) const { return (*this)[name].item<double>(); }

  // The images that a network gets.
  at::Tensor Images(std::string_view name) const { return (*this)[name].to(at::kFloat).div_(255); }

  // Tensors whose names begin with `prefix`, without it.
  NamedTensors Under(std::string_view prefix) const {
    NamedTensors found;
    for (const NamedTensor& named : tensors_) {
      if (named.name.starts_with(prefix)) {
        found.push_back({named.name.substr(prefix.size()), named.tensor});
      }
    }
    return found;
  }

  // "PREFIXparam.*" and "PREFIXbuffer.*" together: an official state dict.
  NamedTensors State(const std::string& prefix = "") const {
    NamedTensors state = Under(prefix + "param.");
    std::ranges::copy(Under(prefix + "buffer."), std::back_inserter(state));
    return state;
  }

 private:
  NamedTensors tensors_;
};

// The largest difference, relative to the largest value of `expected`.
inline double RelativeDifference(const at::Tensor& found, const at::Tensor& expected) {
  CHECK(found.sizes() == expected.sizes());
  const at::Tensor difference = (found.to(at::kDouble) - expected.to(at::kDouble)).abs().max();
  return (difference / (expected.to(at::kDouble).abs().max() + 1e-30)).item<double>();
}

// The L2 norm of the difference, relative to that of `expected`.
inline double RelativeL2(const at::Tensor& found, const at::Tensor& expected) {
  CHECK(found.sizes() == expected.sizes());
  const at::Tensor wanted = expected.to(at::kDouble);
  return ((found.to(at::kDouble) - wanted).norm() / (wanted.norm() + 1e-30)).item<double>();
}

// The share of elements that differ by more than `bound`.
inline double ShareOff(const at::Tensor& found, const at::Tensor& expected, double bound = 1e-6) {
  CHECK(found.sizes() == expected.sizes());
  return (found - expected).abs().gt(bound).to(at::kDouble).mean().item<double>();
}

// The largest absolute difference over tensors of one name; the same names must be in both.
inline double WorstDifference(const NamedTensors& found, const NamedTensors& expected) {
  CHECK(found.size() == expected.size());
  double worst = 0;
  for (const NamedTensor& named : expected) {
    const at::Tensor difference = (TensorNamed(found, named.name) - named.tensor).abs().max();
    worst = std::max(worst, difference.item<double>());
  }
  return worst;
}

}  // namespace archsweep
