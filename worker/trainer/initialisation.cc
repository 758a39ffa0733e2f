#include "worker/trainer/initialisation.h"

#include <c10/core/GradMode.h>

#include <ATen/CPUGeneratorImpl.h>

#include <cmath>
#include <variant>

namespace archsweep {
namespace {

at::Tensor DrawWeight(const Operation& operation, const std::vector<int64_t>& shape,
                      at::Generator& generator) {
  at::Tensor weight = at::empty(shape, at::kFloat);
  if (const auto* conv = std::get_if<Convolution>(&operation)) {
    const double fan_out =
        static_cast<double>(conv->kernel) * conv->kernel * static_cast<double>(shape[0]);
    return weight.normal_(0, std::sqrt(2 / fan_out), generator);
  }
  if (std::holds_alternative<Linear>(operation)) {
    const double bound = 1 / std::sqrt(static_cast<double>(shape[1]));
    return weight.uniform_(-bound, bound, generator);
  }
  return weight.fill_(1);
}

}  // namespace

void Initialise(const Graph& graph, uint64_t seed, Model& model) {
  const c10::NoGradGuard no_gradients;
  at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  for (size_t i = 0; i < model.entries.size(); ++i) {
    const StateEntry& entry = model.entries[i];
    if (!entry.is_parameter) continue;
    if (entry.name.ends_with(".weight")) {
      const Operation& operation = graph.nodes[static_cast<size_t>(entry.owner)].operation;
      model.parameters[i].copy_(DrawWeight(operation, entry.shape, generator));
    } else {
      model.parameters[i].zero_();
    }
  }
}

}  // namespace archsweep
