#include <algorithm>
#include <cmath>
#include <iostream>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/host.h"
#include "cli/print_rows.h"
#include "cli/table.h"
#include "cli/throughput.h"
#include "sweep/attempt/plan.h"
#include "sweep/language/load.h"
#include "sweep/language/presets.h"
#include "sweep/trial/footprint.h"

namespace archsweep {
namespace {

struct PlanFlags {
  std::string sweep;
  std::string state = kDefaultStateFolder;
  RowFormat format = RowFormat::kTable;
};

constexpr const char* kExamples = R"(Examples:
  archsweep plan quickstart
  archsweep plan examples/quickstart.yaml
  archsweep plan depth-grid --format csv > plan.csv
Mistakes in a file are reported all at once, each with
its line and column. Every further setting that differs between the networks has a column.)";

struct Totals {
  double training_macs = 0;
  double evaluation_macs = 0;
  int64_t most_memory = 0;
  int64_t most_training_disk = 0;
  int64_t kept_disk = 0;
};

// The settings of a trial that have no column of their own: "training.beta" and its value.
Json FurtherSettings(const TrialSpec& spec) {
  Json settings = Json::object();
  if (spec.IsImported()) settings["weights"] = *spec.weights_sha256;
  const Json training = spec.IsImported() ? Json::object() : ToJson(spec.training);
  for (const auto& [key, value] : training.items()) settings["training." + key] = value;
  const Json architecture = ToJson(spec.architecture);
  for (const auto& [key, value] : architecture.items()) {
    const bool has_column =
        key == "block" || key == "cells" || key == "depth" || key == "width" || key == "activation";
    if (!has_column) settings["architecture." + key] = value;
  }
  return settings;
}

// Spares the most of large grids from being written as JSON to be compared.
bool HasEqualFurtherSettings(const TrialSpec& a, const TrialSpec& b) {
  ArchitectureSpec architecture = a.architecture;
  architecture.depth = b.architecture.depth;
  architecture.width = b.architecture.width;
  return architecture == b.architecture && a.training == b.training &&
         a.weights_sha256 == b.weights_sha256;
}

// Those of which there is more than one value.
std::vector<std::string> VaryingSettings(const ExpandedSweep& sweep) {
  std::set<std::string> varying;
  const TrialSpec& first_spec = sweep.trials.front().spec;
  const Json first = FurtherSettings(first_spec);
  for (const SweepTrial& trial : sweep.trials) {
    if (HasEqualFurtherSettings(trial.spec, first_spec)) continue;
    const Json settings = FurtherSettings(trial.spec);
    for (const Json* one : {&first, &settings}) {
      for (const auto& [key, value] : one->items()) {
        if (first.value(key, Json()) != settings.value(key, Json())) varying.insert(key);
      }
    }
  }
  return {varying.begin(), varying.end()};
}

Cell CellOf(const Json& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number_integer()) return value.get<int64_t>();
  if (value.is_number()) return value.get<double>();
  if (value.is_string()) return value.get<std::string>();
  if (value.is_array()) return value.dump();
  return std::monostate();
}

std::vector<Column> ColumnsOf(const std::vector<std::string>& varying) {
  std::vector<Column> columns = {{"index"}, {"trial", Column::Style::kId}, {"dataset"}, {"block"}};
  for (const char* name : {"d1", "d2", "d3", "w1", "w2", "w3", "activation", "seed"}) {
    columns.push_back({name});
  }
  for (const std::string& name : varying) columns.push_back({name});
  for (const char* name : {"parameters", "macs", "training_macs", "memory_bytes", "disk_bytes"}) {
    columns.push_back({name, Column::Style::kCount});
  }
  columns.push_back({"training_seconds"});
  return columns;
}

std::vector<Cell> RowOf(int64_t index, const SweepTrial& trial,
                        const std::vector<std::string>& varying, double training_macs,
                        double macs_per_second) {
  const ArchitectureSpec& architecture = trial.spec.architecture;
  std::vector<Cell> row = {index, ToHex(trial.id), trial.spec.dataset.name,
                           BlockText(architecture)};
  const bool is_cells = architecture.cells.genotype != nullptr;
  for (const PerStage<int>* sizes : {&architecture.depth, &architecture.width}) {
    for (const int size : *sizes) row.push_back(is_cells ? Cell() : Cell(int64_t{size}));
  }
  row.emplace_back(ActivationText(architecture));
  row.push_back(trial.spec.IsImported() ? Cell() : Cell(static_cast<int64_t>(trial.spec.seed)));
  if (!varying.empty()) {
    const Json settings = FurtherSettings(trial.spec);
    for (const std::string& key : varying) row.push_back(CellOf(settings.value(key, Json())));
  }
  const Footprint footprint = FootprintOf(trial);
  row.insert(row.end(), {trial.parameters, trial.macs, training_macs, footprint.memory,
                         footprint.kept_disk, std::round(training_macs / macs_per_second)});
  return row;
}

std::string TotalsText(const ExpandedSweep& sweep, const Totals& totals,
                       const Throughput& throughput) {
  const auto bytes = [](int64_t count) { return HumanCount(static_cast<double>(count)) + "B"; };
  const double seconds =
      (totals.training_macs + totals.evaluation_macs) / throughput.macs_per_second;
  return Format(
      "{}: {} networks, {} evaluations; about {:.3g} multiply-accumulates to train and "
      "{:.3g} to evaluate\n"
      "memory: at most {} a training; disk: {} of weights in the end, and at most {} for each "
      "training under way\n"
      "time: about {} on one slot ({})\n",
      sweep.name, sweep.trials.size(), sweep.evaluations.size(), totals.training_macs,
      totals.evaluation_macs, bytes(totals.most_memory), bytes(totals.kept_disk),
      bytes(totals.most_training_disk), HumanDuration(seconds), throughput.source);
}

Status Plan(const PlanFlags& flags) {
  TRY_ASSIGN(const ExpandedSweep sweep, LoadSweep(flags.sweep));
  const std::vector<std::string> varying = VaryingSettings(sweep);
  TRY_ASSIGN(const Throughput throughput,
             ThroughputOf(flags.state, sweep.trials.front().spec.numerics.precision));
  RowPrinter printer(ColumnsOf(varying), flags.format, std::cout);
  Totals totals;
  size_t evaluation = 0;
  for (size_t i = 0; i < sweep.trials.size(); ++i) {
    const SweepTrial& trial = sweep.trials[i];
    TRY_ASSIGN(const RegisteredDataset dataset, DatasetByName(trial.spec.dataset.name));
    const double work = TrainingWork(trial, dataset.train_images);
    totals.training_macs += work;
    const Footprint footprint = FootprintOf(trial);
    totals.most_memory = std::max(totals.most_memory, footprint.memory);
    totals.most_training_disk = std::max(totals.most_training_disk, footprint.training_disk);
    totals.kept_disk += footprint.kept_disk;
    // Evaluations follow each other in the order of the trials.
    for (; evaluation < sweep.evaluations.size(); ++evaluation) {
      if (sweep.evaluations[evaluation].trial != trial.id) break;
      totals.evaluation_macs +=
          EvaluationWork(trial, sweep.evaluations[evaluation], dataset.test_images);
    }
    printer.Add(RowOf(static_cast<int64_t>(i), trial, varying, work, throughput.macs_per_second));
  }
  TRY(printer.Finish());
  const bool for_people = flags.format == RowFormat::kTable;
  (for_people ? std::cout << '\n' : std::cerr)
      << TotalsText(sweep, totals, throughput) << std::flush;
  return {};
}

}  // namespace

void AddPlanCommand(CLI::App& app, ExitCode& exit_code) {
  const auto flags = std::make_shared<PlanFlags>();
  CLI::App* const plan =
      app.add_subcommand("plan", "Show the networks of a sweep and what they cost; nothing runs");
  plan->footer(Format("Presets: {}.\n{}", Join(PresetNames(), ", "), kExamples));
  plan->add_option("sweep", flags->sweep, "Sweep file, or the name of a preset")->required();
  plan->add_option("--state", flags->state, "State folder of the runs")->capture_default_str();
  AddFormatOption(*plan, flags->format);
  plan->callback([flags, &exit_code] { exit_code = ReportEnd(Plan(*flags)); });
}

}  // namespace archsweep
