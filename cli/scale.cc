#include <cmath>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/dataset_options.h"
#include "cli/table.h"
#include "sweep/network/robust_scaling.h"

namespace archsweep {
namespace {

struct ScaleFlags {
  std::optional<std::string> macs;
  std::optional<std::string> parameters;
  std::string block = "basic";
  double r_depth = kPublishedDepthRatio;
  int classes = 10;
  int image_size = 32;
  RowFormat format = RowFormat::kTable;
};

constexpr const char* kExamples = R"(Examples:
  archsweep scale --macs 20G
  archsweep scale --macs 5G --block robust
  archsweep scale --macs 20G --parameters 70M        close to 20 G, and not above 70 M
  archsweep scale --parameters 1.5e8 --format json
  archsweep scale --macs 7G --r-depth 0.5 --classes 200 --image-size 64
Counts are plain (20000000), scientific (2e7) or have a suffix of 1000: k, M, G, T. For 5, 10, 15,
20, 30 and 40 G it gives the published networks, for anything else the closest one by the rule.)";

Result<std::optional<int64_t>> CountOf(const char* flag, const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  const auto with_flag = [flag](Error error) { return WithContext(std::move(error), flag); };
  TRY_ASSIGN(const int64_t count, ParseCount(*text).map_error(with_flag));
  return count;
}

Result<ScalingTarget> TargetOf(const ScaleFlags& flags) {
  if (!flags.macs && !flags.parameters) {
    return Fail(ErrorKind::kInvalidInput,
                "scale needs a budget: --macs, --parameters or both, such as --macs 20G");
  }
  ScalingTarget target = {
      .r_depth = flags.r_depth, .image_size = flags.image_size, .classes = flags.classes};
  TRY_ASSIGN(target.macs, CountOf("--macs", flags.macs));
  TRY_ASSIGN(target.parameters, CountOf("--parameters", flags.parameters));
  TRY_ASSIGN(target.block, BlockByName(flags.block));
  return target;
}

Status PrintRow(const ScaledNetwork& network, RowFormat format) {
  std::vector<Column> columns = {{"block"}};
  std::vector<Cell> row = {BlockText(network.spec)};
  for (const char* name : {"d1", "d2", "d3", "w1", "w2", "w3"}) columns.push_back({name});
  for (const int depth : network.spec.depth) row.emplace_back(int64_t{depth});
  for (const int width : network.spec.width) row.emplace_back(int64_t{width});
  columns.insert(columns.end(), {{"r_depth"},
                                 {"parameters", Column::Style::kCount},
                                 {"macs", Column::Style::kCount},
                                 {"source"}});
  row.insert(row.end(), {network.r_depth, network.cost.parameters, network.cost.macs,
                         std::string(NameOf(network.source))});
  RowPrinter printer(std::move(columns), format, std::cout);
  printer.Add(row);
  return printer.Finish();
}

// "1.13 % above the target".
std::string DeviationText(int64_t count, int64_t target) {
  constexpr double kLeastPercent = 0.01;  // That two decimals show.
  if (count == target) return "exactly the target";
  const double percent =
      100 * std::abs(static_cast<double>(count) / static_cast<double>(target) - 1);
  const std::string amount =
      percent < kLeastPercent ? Format("less than {}", kLeastPercent) : Format("{:.2f}", percent);
  return Format("{} % {} the target", amount, count > target ? "above" : "below");
}

std::string SummaryText(const ScaledNetwork& network, const ScalingTarget& target) {
  const bool by_macs = target.macs.has_value();
  const int64_t sought = by_macs ? *target.macs : *target.parameters;
  const int64_t reached = by_macs ? network.cost.macs : network.cost.parameters;
  const std::string result =
      Format("{} {}, {}", HumanCount(static_cast<double>(reached)), by_macs ? "MACs" : "parameters",
             DeviationText(reached, sought));
  if (network.source == ScalingSource::kPublished) {
    return Format("Published for {} MACs at r_depth {}: {}.\n",
                  HumanCount(static_cast<double>(sought)), kPublishedDepthRatio, result);
  }
  const std::string bound = by_macs && target.parameters
                                ? Format(" and at most {} parameters",
                                         HumanCount(static_cast<double>(*target.parameters)))
                                : "";
  return Format("Found by the rule: {}, the closest with r_depth within {} of {}{}.\n", result,
                kDepthRatioSlack, target.r_depth, bound);
}

std::string SweepFileLine(const ArchitectureSpec& spec) {
  const auto& [depth, width] = std::tie(spec.depth, spec.width);
  return Format("architecture: {{ block: {}, depth: [{}, {}, {}], width: [{}, {}, {}] }}\n",
                BlockText(spec), depth[0], depth[1], depth[2], width[0], width[1], width[2]);
}

Status Scale(const ScaleFlags& flags) {
  TRY_ASSIGN(const ScalingTarget target, TargetOf(flags));
  TRY_ASSIGN(const ScaledNetwork network, ScaleRobustly(target));
  TRY(PrintRow(network, flags.format));
  const bool for_people = flags.format == RowFormat::kTable;
  (for_people ? std::cout << '\n' : std::cerr) << SummaryText(network, target);
  if (for_people) std::cout << "In a sweep file:\n\n  " << SweepFileLine(network.spec);
  if (!std::cout.flush()) return Fail(ErrorKind::kIo, "the output could not be written");
  return {};
}

}  // namespace

void AddScaleCommand(CLI::App& app, ExitCode& exit_code) {
  const auto flags = std::make_shared<ScaleFlags>();
  CLI::App* const scale = app.add_subcommand(
      "scale", "Give depth and width for a budget, in the proportions of RobustScaling");
  scale->footer(kExamples);
  scale->add_option("--macs", flags->macs,
                    "Multiply-accumulates for one image, which the network comes close to");
  scale->add_option("--parameters", flags->parameters,
                    "Parameters that it comes close to; with --macs, the most that it may have");
  scale->add_option("--block", flags->block, "Kind of block")->capture_default_str();
  scale
      ->add_option("--r-depth", flags->r_depth,
                   "Share of the depths in the sum of depths and widths, between 0 and 1")
      ->capture_default_str();
  AddDatasetOptions(*scale, flags->classes, flags->image_size);
  AddFormatOption(*scale, flags->format);
  scale->callback([flags, &exit_code] { exit_code = ReportEnd(Scale(*flags)); });
}

}  // namespace archsweep
