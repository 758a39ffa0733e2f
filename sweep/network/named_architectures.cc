#include <string>
#include <vector>

#include "base/check.h"
#include "base/text.h"
#include "sweep/network/architecture.h"

namespace archsweep {
namespace {

struct Size {
  const char* name;
  PerStage<int> depth;
  PerStage<int> width;
};

void AddStaged(std::string prefix, std::string_view block, std::span<const Size> sizes,
               std::vector<NamedArchitecture>& named) {
  for (const Size& size : sizes) {
    named.push_back({prefix + size.name,
                     {.block = KnownBlock(block), .depth = size.depth, .width = size.width}});
  }
}

void AddCells(std::string_view genotype, int channels, int layers,
              std::vector<NamedArchitecture>& named) {
  const auto found = GenotypeByName(genotype);
  CHECK(found.has_value());
  named.push_back({std::string(genotype),
                   {.cells = {.genotype = *found, .channels = channels, .layers = layers}}});
}

// Section 2 of the reference on the paper.
std::vector<NamedArchitecture> MakeNamedArchitectures() {
  const Size standard[] = {{"28-10", 4, 10}, {"34-12", 5, 12}, {"40-14", 6, 14},
                           {"46-14", 7, 14}, {"58-16", 9, 16}, {"70-16", 11, 16}};
  const Size huang[] = {{"28-r", 4, {20, 20, 8}},
                        {"34-r", 5, {20, 20, 8}},
                        {"46-r", 7, {20, 20, 8}},
                        {"70-r", 11, {20, 20, 8}}};
  const Size compound[] = {{"a1", {14, 14, 7}, {5, 7, 3}},
                           {"a2", {17, 17, 8}, {7, 9, 4}},
                           {"a3", {22, 22, 11}, {8, 11, 5}},
                           {"a4", {27, 28, 13}, {10, 14, 6}}};
  const Size compound_more[] = {{"15g", {20, 20, 10}, {7, 10, 4}},
                                {"30g", {25, 25, 12}, {9, 13, 5}}};
  // The published table prints 11 for the last depth at 40 G; its parameters, and the figure, are
  // those of 6.
  const Size depth_only[] = {{"5g", {5, 5, 2}, 10},
                             {"10g", {6, 6, 3}, 12},
                             {"20g", {9, 8, 4}, 14},
                             {"40g", {14, 13, 6}, 16}};
  const Size width_only[] = {{"5g", 4, {11, 13, 6}},
                             {"10g", 5, {13, 16, 7}},
                             {"20g", 7, {16, 18, 8}},
                             {"40g", 11, {18, 21, 9}}};
  std::vector<NamedArchitecture> named;
  AddStaged("wrn-", "basic", standard, named);
  AddStaged("wrn-", "basic", huang, named);
  AddStaged("robustresnet-", "robust", compound, named);
  AddStaged("wrn-", "basic", compound, named);
  AddStaged("wrn-compound-", "basic", compound_more, named);
  AddStaged("wrn-depth-", "basic", depth_only, named);
  AddStaged("wrn-width-", "basic", width_only, named);
  AddCells("robnet-large-v2", 64, 33, named);
  AddCells("advrush", 96, 23, named);
  AddCells("racl", 104, 23, named);
  return named;
}

}  // namespace

std::span<const NamedArchitecture> NamedArchitectures() {
  static const std::vector<NamedArchitecture> kNamed = MakeNamedArchitectures();
  return kNamed;
}

Result<ArchitectureSpec> ArchitectureByName(std::string_view name) {
  std::vector<std::string> names;
  for (const NamedArchitecture& named : NamedArchitectures()) {
    if (named.name == name) return named.spec;
    names.push_back(named.name);
  }
  const std::string suggestion = Suggestion(name, names);
  return Fail(ErrorKind::kInvalidInput,
              Format("unknown architecture '{}'{}", name,
                     suggestion.empty() ? "; known are: " + Join(names, ", ") : suggestion));
}

}  // namespace archsweep
