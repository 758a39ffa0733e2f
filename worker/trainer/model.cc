#include "worker/trainer/model.h"

#include <c10/core/GradMode.h>

#include <map>

#include "base/check.h"
#include "base/text.h"

namespace archsweep {
namespace {

at::Tensor Allocate(const StateEntry& entry, const at::TensorOptions& options, Fusion fusion) {
  // A count: the only entry that is a single number.
  if (entry.shape.empty()) return at::zeros({}, options.dtype(at::kLong));
  const auto format = entry.shape.size() == 4 ? LayoutOf(fusion) : at::MemoryFormat::Contiguous;
  at::Tensor tensor = at::empty(entry.shape, options.memory_format(format));
  return tensor.fill_(entry.name.ends_with(".running_var") ? 1 : 0);
}

std::string ShapeText(at::IntArrayRef shape) {
  std::vector<std::string> sizes;
  for (const int64_t size : shape) sizes.push_back(Format("{}", size));
  return Format("[{}]", Join(sizes, ", "));
}

}  // namespace

Model AllocateModel(const Graph& graph, int groups, const at::TensorOptions& options,
                    Fusion fusion) {
  CHECK(groups >= 1);
  Model model = {.entries = StateEntries(graph), .parameters = {}, .buffers = {}};
  model.parameters.resize(model.entries.size());
  model.buffers.resize(static_cast<size_t>(groups));
  for (auto& buffers : model.buffers) buffers.resize(model.entries.size());
  for (size_t i = 0; i < model.entries.size(); ++i) {
    if (model.entries[i].is_parameter) {
      model.parameters[i] = Allocate(model.entries[i], options, fusion).requires_grad_(true);
      continue;
    }
    for (auto& buffers : model.buffers) buffers[i] = Allocate(model.entries[i], options, fusion);
  }
  return model;
}

std::vector<size_t> TrainedEntries(const Graph& graph, const Model& model) {
  const std::vector<bool> live = LiveNodes(graph);
  std::vector<size_t> trained;
  for (size_t i = 0; i < model.entries.size(); ++i) {
    const StateEntry& entry = model.entries[i];
    if (entry.is_parameter && live[static_cast<size_t>(entry.owner)]) trained.push_back(i);
  }
  return trained;
}

NamedTensors OfficialTensors(const Model& model) {
  NamedTensors tensors;
  for (size_t i = 0; i < model.entries.size(); ++i) {
    const bool is_parameter = model.entries[i].is_parameter;
    tensors.push_back({model.entries[i].name,
                       is_parameter ? model.parameters[i].detach() : model.buffers.front()[i]});
  }
  return tensors;
}

Status CopyInto(const NamedTensors& target, const NamedTensors& source) {
  std::map<std::string_view, const at::Tensor*> by_name;
  for (const NamedTensor& named : source) by_name[named.name] = &named.tensor;
  std::vector<Error> problems;
  const auto complain = [&](std::string message) {
    problems.push_back({ErrorKind::kCorrupt, std::move(message)});
  };
  for (const NamedTensor& named : target) {
    const auto found = by_name.find(named.name);
    if (found == by_name.end()) {
      complain(Format("{} is missing", named.name));
      continue;
    }
    const at::Tensor& tensor = *found->second;
    if (tensor.sizes() == named.tensor.sizes() &&
        tensor.scalar_type() == named.tensor.scalar_type()) {
      const c10::NoGradGuard no_gradients;
      named.tensor.copy_(tensor);
    } else {
      complain(Format("{} is {}{}, but the network needs {}{}", named.name,
                      c10::toString(tensor.scalar_type()), ShapeText(tensor.sizes()),
                      c10::toString(named.tensor.scalar_type()), ShapeText(named.tensor.sizes())));
    }
    by_name.erase(found);
  }
  for (const auto& [name, tensor] : by_name) complain(Format("{} is unknown", name));
  if (!problems.empty()) return tl::unexpected(Joined(problems));
  return {};
}

}  // namespace archsweep
