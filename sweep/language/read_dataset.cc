#include "sweep/language/read_dataset.h"

#include <optional>

#include "base/check.h"
#include "sweep/language/read_field.h"

namespace archsweep {

Result<DatasetRef> ReadDataset(std::string_view text) {
  Complaints complaints{"dataset"};
  const std::optional<YamlNode> node = ParseYaml(text, complaints);
  if (!node) return tl::unexpected(complaints.AsError());
  const Field* const field = FindField("dataset");
  CHECK(field != nullptr);
  TrialSpec spec;
  GivenFields given;
  ReadField(*field, "base", *node, spec, given, complaints);
  if (!complaints.Empty()) return tl::unexpected(complaints.AsError());
  return spec.dataset;
}

}  // namespace archsweep
