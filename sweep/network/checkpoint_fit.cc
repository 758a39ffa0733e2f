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

// A count is the only entry that is a single number.
std::string_view DtypeOf(const StateEntry& entry) { return entry.shape.empty() ? "I64" : "F32"; }

// A sentence for each way in which the tensor is not the wanted one.
void Compare(const TensorEntry& tensor, const StateEntry& wanted,
             std::vector<std::string>& misfits) {
  if (tensor.shape != wanted.shape) {
    misfits.push_back(Format("{} is {} and should be {}", wanted.name, ShapeText(tensor.shape),
                             ShapeText(wanted.shape)));
  }
  if (tensor.dtype != DtypeOf(wanted)) {
    misfits.push_back(
        Format("{} is of type {} and should be of {}", wanted.name, tensor.dtype, DtypeOf(wanted)));
  }
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
    Compare(*tensor->second, wanted, misfits);
    found.erase(tensor);
  }
  for (const auto& [name, tensor] : found) {
    misfits.push_back(Format("{} {} is not of this network", name, ShapeText(tensor->shape)));
  }
  return misfits;
}

}  // namespace archsweep
