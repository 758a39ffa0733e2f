#include "worker/trainer/gradient_sum.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/utils/lambda_post_hook.h>
#include <torch/csrc/autograd/variable.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "worker/trainer/buckets.h"

namespace archsweep {

using torch::autograd::variable_list;
using torch::autograd::utils::LambdaPostHook;

GradientSum::GradientSum(std::vector<at::Tensor> parameters, int64_t riders, Collective& collective)
    : parameters_(std::move(parameters)), riders_count_(riders), collective_(collective) {
  CHECK(!parameters_.empty());
  if (collective_.Size() > 1) MakeFlats();
}

GradientSum::~GradientSum() {
  for (const Hook& hook : hooks_) hook.node->del_post_hook(hook.key);
  for (size_t i = 0; i < hooks_.size(); ++i) parameters_[i].mutable_grad().reset();
}

void GradientSum::MakeFlats() {
  const c10::NoGradGuard no_gradients;
  const at::TensorOptions options = parameters_.front().options().requires_grad(false);
  std::vector<int64_t> elements;
  for (const at::Tensor& parameter : parameters_) {
    CHECK(parameter.is_non_overlapping_and_dense() &&
          parameter.scalar_type() == parameters_.front().scalar_type());
    elements.push_back(parameter.numel());
  }
  gradients_.resize(parameters_.size());
  hooks_.resize(parameters_.size());
  for (const Bucket& bucket : PlanBuckets(elements, parameters_.front().element_size())) {
    const size_t index = flats_.size();
    const int64_t behind = index == 0 ? riders_count_ + 1 : 0;
    flats_.push_back({.values = at::zeros(bucket.elements + behind, options),
                      .parameters = bucket.parameters.size(),
                      .missing = 0,
                      .sum = nullptr});
    int64_t offset = 0;
    for (const size_t i : bucket.parameters) {
      const at::Tensor& parameter = parameters_[i];
      gradients_[i] =
          flats_.back().values.as_strided(parameter.sizes(), parameter.strides(), offset);
      offset += parameter.numel();
      parameter.mutable_grad() = gradients_[i];
      hooks_[i].node = torch::autograd::impl::grad_accumulator(parameter);
      hooks_[i].key = hooks_[i].node->add_post_hook(std::make_unique<LambdaPostHook>(
          [this, index](const variable_list& outputs, const variable_list&) {
            OnAdded(index);
            return outputs;
          }));
    }
  }
  word_ = at::zeros(1, options);
}

void GradientSum::Say(int word) {
  CHECK(word >= 0 && word <= kWordMax);
  said_ = word;
  if (word_.defined()) word_.fill_(collective_.Rank() == 0 ? word : 0);
}

void GradientSum::Add(const at::Tensor& loss) {
  if (flats_.empty()) {
    std::vector<at::Tensor> gradients = torch::autograd::grad({loss}, parameters_);
    const c10::NoGradGuard no_gradients;
    if (is_first_) {
      gradients_ = std::move(gradients);
    } else {
      at::_foreach_add_(gradients_, gradients);
    }
  } else {
    // Autograd adds in place to what it finds.
    for (Flat& flat : flats_) {
      if (is_first_) flat.values.zero_();
    }
    torch::autograd::backward({loss});
  }
  is_first_ = false;
}

void GradientSum::AddLast(const at::Tensor& loss, const at::Tensor& riders) {
  CHECK(riders.numel() == riders_count_);
  if (flats_.empty()) {
    riders_ = riders;
    return Add(loss);
  }
  for (Flat& flat : flats_) flat.missing = flat.parameters;
  begun_ = 0;
  is_last_ = true;
  riders_ = riders;
  Add(loss);
  is_last_ = false;
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  CHECK(begun_ == flats_.size());
}

void GradientSum::OnAdded(size_t flat) {
  if (!is_last_) return;
  CHECK(flats_[flat].missing > 0);
  --flats_[flat].missing;
  try {
    Begin();
  } catch (...) {
    failure_ = std::current_exception();
  }
}

// In the order of the flats, which is the same on all ranks, whichever is full first.
void GradientSum::Begin() {
  const c10::NoGradGuard no_gradients;
  for (; begun_ < flats_.size() && flats_[begun_].missing == 0; ++begun_) {
    Flat& flat = flats_[begun_];
    if (begun_ == 0) {
      const int64_t end = flat.values.numel();
      flat.values.narrow(0, end - riders_count_ - 1, riders_count_).copy_(riders_);
      flat.values.narrow(0, end - 1, 1).copy_(word_);
    }
    flat.sum = collective_.SumInPlace(flat.values);
  }
}

GradientSum::Sums GradientSum::Wait() {
  CHECK(!is_first_);
  is_first_ = true;
  if (flats_.empty()) return {&gradients_, std::exchange(riders_, {})};
  for (Flat& flat : flats_) std::exchange(flat.sum, nullptr)->Wait();
  riders_.reset();
  const at::Tensor& first = flats_.front().values;
  return {&gradients_, first.narrow(0, first.numel() - riders_count_ - 1, riders_count_)};
}

void GradientSum::BreakOff() {
  CHECK(flats_.empty());
  is_first_ = true;
  gradients_.clear();
  riders_.reset();
}

int GradientSum::Hear() {
  if (flats_.empty()) return said_;
  const at::Tensor& first = flats_.front().values;
  return static_cast<int>(heard_.Next(first.narrow(0, first.numel() - 1, 1).squeeze(0)));
}

}  // namespace archsweep
