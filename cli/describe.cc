#include <algorithm>
#include <array>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/table.h"
#include "sweep/network/architecture.h"
#include "sweep/network/describe.h"

namespace archsweep {
namespace {

constexpr int kImageSizeMax = 1024;
constexpr int kClassesMax = 100'000;

struct DescribeFlags {
  std::string name;
  std::string block;
  std::vector<int> depth;
  std::vector<int> width;
  std::string activation;
  bool pre_process = false;
  std::optional<int> scales;
  std::optional<int> base_width;
  std::optional<int> cardinality;
  std::optional<int> se_reduction;
  int classes = 10;
  int image_size = 32;
  RowFormat format = RowFormat::kTable;
};

constexpr const char* kExamples = R"(Examples:
  archsweep describe wrn-28-10
  archsweep describe robustresnet-a1 --classes 100 --format json
  archsweep describe --block basic --depth 4,4,4 --width 10,10,10
  archsweep describe wrn-34-r --activation silu)";

Status SetStages(const std::string& flag, const std::vector<int>& values,
                 std::array<int, kStages>& stages) {
  if (values.size() == 1) {
    stages.fill(values.front());
  } else if (values.size() == stages.size()) {
    std::copy(values.begin(), values.end(), stages.begin());
  } else if (!values.empty()) {
    return Fail(ErrorKind::kInvalidInput,
                Format("{} has {} values; give one for all stages or {} with commas between, such "
                       "as 4,4,4",
                       flag, values.size(), kStages));
  }
  return {};
}

// Settings of a block that is not built would be ignored.
Status SetRobust(const DescribeFlags& flags, ArchitectureSpec& spec) {
  const std::pair<const std::optional<int>&, int&> settings[] = {
      {flags.scales, spec.robust.scales},
      {flags.base_width, spec.robust.base_width},
      {flags.cardinality, spec.robust.cardinality},
      {flags.se_reduction, spec.robust.se_reduction}};
  for (const auto& [given, setting] : settings) {
    if (!given) continue;
    if (spec.block != BlockKind::kRobust) {
      return Fail(ErrorKind::kInvalidInput,
                  "--scales, --base-width, --cardinality and --se-reduction need --block robust");
    }
    setting = *given;
  }
  return {};
}

Result<ArchitectureSpec> SpecOf(const DescribeFlags& flags) {
  ArchitectureSpec spec;
  if (!flags.name.empty()) {
    TRY_ASSIGN(spec, ArchitectureByName(flags.name));
  } else if (flags.depth.empty() || flags.width.empty()) {
    return Fail(ErrorKind::kInvalidInput,
                "describe needs the name of a network, or --depth and --width");
  }
  if (!flags.block.empty()) {
    TRY_ASSIGN(spec.block, BlockByName(flags.block));
  }
  if (!flags.activation.empty()) {
    TRY_ASSIGN(spec.activation, ActivationByName(flags.activation));
  }
  spec.pre_process = flags.pre_process;
  TRY(SetStages("--depth", flags.depth, spec.depth));
  TRY(SetStages("--width", flags.width, spec.width));
  TRY(SetRobust(flags, spec));
  if (const auto problems = Problems(spec); !problems.empty()) {
    return Fail(ErrorKind::kInvalidInput, Join(problems, "\n"));
  }
  return spec;
}

Status DescribeNetwork(const DescribeFlags& flags) {
  TRY_ASSIGN(const ArchitectureSpec spec, SpecOf(flags));
  const Graph graph = BuildGraph(spec, flags.image_size, flags.classes);
  if (flags.format == RowFormat::kJson) {
    std::cout << DescribeAsJson(graph).dump() << '\n';
  } else {
    std::cout << DescribeAsTable(graph);
  }
  if (!std::cout.flush()) return Fail(ErrorKind::kIo, "the output could not be written");
  return {};
}

}  // namespace

void AddDescribeCommand(CLI::App& app, ExitCode& exit_code) {
  const auto flags = std::make_shared<DescribeFlags>();
  CLI::App* const describe = app.add_subcommand(
      "describe", "Print one network layer by layer, with parameters and multiply-accumulates");
  describe->footer(kExamples);
  std::vector<std::string> names;
  for (const NamedArchitecture& named : NamedArchitectures()) names.push_back(named.name);
  describe->add_option("architecture", flags->name,
                       "Name of a network, which the flags below change: " + Join(names, ", "));
  describe->add_option("--block", flags->block, "basic or robust (default: basic)");
  describe->add_option("--depth", flags->depth, "Blocks per stage, one number or three")
      ->delimiter(',')
      ->allow_extra_args(false);
  describe->add_option("--width", flags->width, "Widening factors, one number or three")
      ->delimiter(',')
      ->allow_extra_args(false);
  describe->add_option("--activation", flags->activation, "relu or silu (default: relu)");
  describe->add_flag("--pre-process", flags->pre_process, "Standardise images inside the network");
  describe->add_option("--scales", flags->scales, "Of a robust block");
  describe->add_option("--base-width", flags->base_width, "Of a robust block");
  describe->add_option("--cardinality", flags->cardinality, "Of a robust block");
  describe->add_option("--se-reduction", flags->se_reduction, "Of a robust block");
  describe->add_option("--classes", flags->classes, "Classes of the data set")
      ->check(CLI::Range(1, kClassesMax))
      ->capture_default_str();
  describe->add_option("--image-size", flags->image_size, "Pixels a side")
      ->check(CLI::Range(1, kImageSizeMax))
      ->capture_default_str();
  AddFormatOption(*describe, flags->format, {"table", "json"});
  describe->callback([flags, &exit_code] { exit_code = ReportEnd(DescribeNetwork(*flags)); });
}

}  // namespace archsweep
