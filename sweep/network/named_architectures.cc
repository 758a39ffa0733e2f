#include <string>
#include <vector>

#include "base/text.h"
#include "sweep/network/architecture.h"

namespace archsweep {
namespace {

using Stages = std::array<int, kStages>;

// Section 2 of the reference on the paper.
std::vector<NamedArchitecture> MakeNamedArchitectures() {
  constexpr Stages kCompoundDepth[] = {{14, 14, 7}, {17, 17, 8}, {22, 22, 11}, {27, 28, 13}};
  constexpr Stages kCompoundWidth[] = {{5, 7, 3}, {7, 9, 4}, {8, 11, 5}, {10, 14, 6}};
  std::vector<NamedArchitecture> named;
  const auto add = [&](std::string name, BlockKind block, Stages depth, Stages width) {
    named.push_back({std::move(name), {.block = block, .depth = depth, .width = width}});
  };
  add("wrn-28-10", BlockKind::kBasic, {4, 4, 4}, {10, 10, 10});
  add("wrn-34-12", BlockKind::kBasic, {5, 5, 5}, {12, 12, 12});
  add("wrn-46-14", BlockKind::kBasic, {7, 7, 7}, {14, 14, 14});
  add("wrn-70-16", BlockKind::kBasic, {11, 11, 11}, {16, 16, 16});
  add("wrn-34-r", BlockKind::kBasic, {5, 5, 5}, {20, 20, 8});
  for (size_t i = 0; i < std::size(kCompoundDepth); ++i) {
    add(Format("robustresnet-a{}", i + 1), BlockKind::kRobust, kCompoundDepth[i],
        kCompoundWidth[i]);
  }
  for (size_t i = 0; i < std::size(kCompoundDepth); ++i) {
    add(Format("wrn-a{}", i + 1), BlockKind::kBasic, kCompoundDepth[i], kCompoundWidth[i]);
  }
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
  return Fail(ErrorKind::kInvalidInput, Format("unknown architecture '{}'{}; known are: {}", name,
                                               Suggestion(name, names), Join(names, ", ")));
}

}  // namespace archsweep
