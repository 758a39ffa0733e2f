#include "sweep/network/genotype.h"

#include "base/text.h"

namespace archsweep {
namespace {

constexpr CellOperation kSkip = CellOperation::kSkip;
constexpr CellOperation kSep3 = CellOperation::kSeparable3;
constexpr CellOperation kSep5 = CellOperation::kSeparable5;
constexpr CellOperation kDil3 = CellOperation::kDilated3;
constexpr CellOperation kAvg3 = CellOperation::kAverage3;
constexpr CellOperation kBoth = CellOperation::kSeparableAndSkip;

// All edges from all earlier nodes, as the code of the search writes them.
Genotype RobNetLargeV2() {
  const CellNodes nodes = {{{kBoth, 0}, {kBoth, 1}},
                           {{kBoth, 0}, {kBoth, 1}, {kBoth, 2}},
                           {{kSep3, 0}, {kBoth, 1}, {kSep3, 2}, {kSkip, 3}},
                           {{kBoth, 0}, {kSep3, 1}, {kSep3, 2}, {kSep3, 3}, {kBoth, 4}}};
  return {.name = "robnet-large-v2",
          .summary = "Guo et al. 2020, When NAS meets robustness",
          .normal = nodes,
          .reduce = nodes,
          .affine = false,
          .wraps_operations = true};
}

Genotype AdvRush() {
  return {.name = "advrush",
          .summary = "Mok et al. 2021, AdvRush",
          .normal = {{{kSep3, 1}, {kSep3, 0}},
                     {{kSep5, 0}, {kSep3, 1}},
                     {{kSep3, 1}, {kSep3, 0}},
                     {{kSkip, 0}, {kSep3, 1}}},
          .reduce = {{{kSep3, 0}, {kSep3, 1}},
                     {{kSkip, 0}, {kDil3, 2}},
                     {{kSkip, 0}, {kAvg3, 1}},
                     {{kSkip, 0}, {kSkip, 2}}}};
}

Genotype Racl() {
  return {.name = "racl",
          .summary = "Dong et al. 2020, Adversarially robust neural architectures",
          .normal = {{{kSep3, 0}, {kSep3, 1}},
                     {{kSep5, 0}, {kSkip, 1}},
                     {{kSep3, 0}, {kSkip, 3}},
                     {{kSep3, 3}, {kSkip, 4}}},
          .reduce = {{{kSep3, 0}, {kSep5, 1}},
                     {{kAvg3, 0}, {kDil3, 1}},
                     {{kSep3, 0}, {kSep5, 1}},
                     {{kSep3, 2}, {kDil3, 3}}}};
}

}  // namespace

std::span<const Genotype> Genotypes() {
  static const std::vector<Genotype> kGenotypes = {RobNetLargeV2(), AdvRush(), Racl()};
  return kGenotypes;
}

Result<const Genotype*> GenotypeByName(std::string_view name) {
  std::vector<std::string> names;
  for (const Genotype& genotype : Genotypes()) {
    if (genotype.name == name) return &genotype;
    names.push_back(genotype.name);
  }
  return Fail(ErrorKind::kInvalidInput, Format("unknown cells '{}'{}; known are: {}", name,
                                               Suggestion(name, names), Join(names, ", ")));
}

}  // namespace archsweep
