#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/dataset_options.h"
#include "cli/table.h"
#include "sweep/language/read_architecture.h"
#include "sweep/network/describe.h"

namespace archsweep {
namespace {

struct DescribeFlags {
  std::string architecture;
  int classes = 10;
  int image_size = 32;
  RowFormat format = RowFormat::kTable;
};

constexpr const char* kExamples = R"(Examples:
  archsweep describe wrn-28-10
  archsweep describe robustresnet-a1 --classes 100 --format json
  archsweep describe '{block: bottleneck, depth: 4, width: 10, se: residual}'
  archsweep describe '{name: wrn-34-r, activation: silu}')";

std::string KnownText() {
  std::string text = "Blocks:\n";
  for (const BlockType& type : BlockTypes()) {
    text += Format("  {:<13} {}\n", type.name, type.summary);
  }
  std::vector<std::string> names;
  for (const NamedArchitecture& named : NamedArchitectures()) names.push_back(named.name);
  return Format("{}Networks by name: {}.\n{}", text, Join(names, ", "), kExamples);
}

Status DescribeNetwork(const DescribeFlags& flags) {
  TRY_ASSIGN(const ArchitectureSpec spec, ReadArchitecture(flags.architecture, flags.image_size));
  const Graph graph = BuildGraph(spec, flags.image_size, flags.classes);
  const std::vector<std::string> readings = ReadingsOf(spec);
  if (flags.format == RowFormat::kJson) {
    std::cout << DescribeAsJson(graph, readings).dump() << '\n';
  } else {
    std::cout << DescribeAsTable(graph, readings);
  }
  if (!std::cout.flush()) return Fail(ErrorKind::kIo, "the output could not be written");
  return {};
}

}  // namespace

void AddDescribeCommand(CLI::App& app, ExitCode& exit_code) {
  const auto flags = std::make_shared<DescribeFlags>();
  CLI::App* const describe = app.add_subcommand(
      "describe", "Print one network layer by layer, with parameters and multiply-accumulates");
  describe->footer(KnownText());
  describe
      ->add_option("architecture", flags->architecture,
                   "What a sweep file has below `architecture`: a name, or a map in braces")
      ->required();
  AddDatasetOptions(*describe, flags->classes, flags->image_size);
  AddFormatOption(*describe, flags->format, {"table", "json"});
  describe->callback([flags, &exit_code] { exit_code = ReportEnd(DescribeNetwork(*flags)); });
}

}  // namespace archsweep
