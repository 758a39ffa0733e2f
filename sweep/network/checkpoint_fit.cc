#include "sweep/network/checkpoint_fit.h"

#include <map>
#include <string_view>

#include "base/text.h"

namespace archsweep {
namespace {

std::string ShapeText(const std::vector<int64_t>& shape) {
  std::vector<std::string> sizes;
  for (const int64_t size : shape) sizes.push_back(Format("{}", size));
  return Format("[{}]", Join(sizes, ", "));
}

}  // namespace

std::vector<std::string> Misfits(const Graph& graph, std::span<const TensorEntry> tensors) {
  std::vector<std::string> misfits;
  std::map<std::string_view, const TensorEntry*> found;
  for (const TensorEntry& tensor : tensors) found.emplace(tensor.name, &tensor);
  for (const StateEntry& wanted : StateEntries(graph)) {
    const auto tensor = found.find(wanted.name);
    if (tensor == found.end()) {
      misfits.push_back(Format("{} {} is missing", wanted.name, ShapeText(wanted.shape)));
      continue;
    }
    if (tensor->second->shape != wanted.shape) {
      misfits.push_back(Format("{} is {} and should be {}", wanted.name,
                               ShapeText(tensor->second->shape), ShapeText(wanted.shape)));
    }
    found.erase(tensor);
  }
  for (const auto& [name, tensor] : found) {
    misfits.push_back(Format("{} {} is not of this network", name, ShapeText(tensor->shape)));
  }
  return misfits;
}

}  // namespace archsweep
