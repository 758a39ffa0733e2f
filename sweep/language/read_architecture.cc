#include "sweep/language/read_architecture.h"

#include <optional>
#include <string>

#include "base/check.h"
#include "base/text.h"
#include "sweep/language/read_field.h"

namespace archsweep {
namespace {

void CheckGiven(const GivenFields& given, const TrialSpec& spec, Position position,
                Complaints& complaints) {
  const bool is_cells = spec.architecture.cells.genotype != nullptr;
  for (const char* key : {"depth", "width"}) {
    if (is_cells || given.contains(Format("architecture.{}", key))) continue;
    complaints.Add(position, Format("architecture has no '{}'", key));
  }
  for (const Field& field : Fields()) {
    const auto found = given.find(field.path);
    if (found == given.end() || HasEffect(field, spec)) continue;
    complaints.Add(found->second.position, Format("{} has no effect here", field.path));
  }
}

}  // namespace

Result<ArchitectureSpec> ReadArchitecture(std::string_view text, int image_size) {
  Complaints complaints{"architecture"};
  const std::optional<YamlNode> node = ParseYaml(text, complaints);
  if (!node) return tl::unexpected(complaints.AsError());
  const Field* const field = FindField("architecture");
  CHECK(field != nullptr);
  TrialSpec spec;
  GivenFields given;
  ReadField(*field, "base", *node, spec, given, complaints);
  if (complaints.Empty()) CheckGiven(given, spec, node->position, complaints);
  if (complaints.Empty()) {
    for (const std::string& problem : Problems(spec.architecture, image_size)) {
      const auto found = given.find("architecture." + problem.substr(0, problem.find(' ')));
      complaints.Add(found == given.end() ? node->position : found->second.position, problem);
    }
  }
  if (!complaints.Empty()) return tl::unexpected(complaints.AsError());
  return spec.architecture;
}

}  // namespace archsweep
