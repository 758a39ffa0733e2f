#include "cli/choose_network.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "storage/reader.h"
#include "sweep/language/read_architecture.h"
#include "sweep/language/read_dataset.h"
#include "sweep/language/yaml_document.h"
#include "sweep/network/checkpoint_fit.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

constexpr size_t kShownMisfits = 5;

bool MeansFile(const std::string& text) {
  return !text.starts_with('{') &&
         (text.find('/') != std::string::npos || text.ends_with(".yaml") ||
          text.ends_with(".yml") || text.ends_with(".json"));
}

// Data sets to try: the one that was named, or all, each format once.
Result<std::vector<DatasetRef>> Datasets(const std::string& hint) {
  if (!hint.empty()) {
    TRY_ASSIGN(DatasetRef named, ReadDataset(hint));
    return std::vector<DatasetRef>{std::move(named)};
  }
  std::vector<DatasetRef> datasets;
  std::vector<std::pair<int, int>> formats;
  for (const RegisteredDataset& dataset : RegisteredDatasets()) {
    const std::pair format(dataset.format.size, dataset.format.classes);
    if (std::ranges::find(formats, format) != formats.end()) continue;
    formats.push_back(format);
    datasets.push_back({.name = dataset.name, .digest = dataset.digest});
  }
  return datasets;
}

ImageFormat FormatOf(const DatasetRef& dataset) {
  return DatasetByName(dataset.name).value().format;
}

std::vector<std::string> MisfitsOf(const WeightsFile& weights, const ArchitectureSpec& spec,
                                   const DatasetRef& dataset) {
  const ImageFormat format = FormatOf(dataset);
  std::vector<std::string> problems = Problems(spec, format.size);
  if (!problems.empty()) return problems;
  return Misfits(BuildGraph(spec, format.size, format.classes), weights.tensors);
}

std::string Shown(const std::vector<std::string>& misfits) {
  std::string text;
  for (size_t i = 0; i < std::min(misfits.size(), kShownMisfits); ++i) text += "\n  " + misfits[i];
  if (misfits.size() > kShownMisfits) {
    text += Format("\n  and {} more", misfits.size() - kShownMisfits);
  }
  return text;
}

std::string FoundDataset(const NetworkHints& hints, const DatasetRef& dataset) {
  if (!hints.dataset.empty()) return "";
  return Format("data set {}, by its {} classes; --dataset names another", dataset.name,
                FormatOf(dataset).classes);
}

Result<NetworkChoice> ChooseGiven(const WeightsFile& weights, const NetworkHints& hints,
                                  const std::vector<DatasetRef>& datasets) {
  std::string text = hints.architecture;
  if (MeansFile(text)) {
    TRY_ASSIGN(text, ReadFile(hints.architecture, kYamlBytesMax));
  }
  TRY_ASSIGN(const ArchitectureSpec spec, ReadArchitecture(text, FormatOf(datasets.front()).size));
  std::vector<std::string> fewest;
  for (const DatasetRef& dataset : datasets) {
    const std::vector<std::string> misfits = MisfitsOf(weights, spec, dataset);
    if (misfits.empty()) return NetworkChoice{spec, dataset, FoundDataset(hints, dataset)};
    if (fewest.empty() || misfits.size() < fewest.size()) fewest = misfits;
  }
  return Fail(ErrorKind::kInvalidInput,
              Format("{}: is not of the network of --arch{}:{}", weights.path.string(),
                     hints.dataset.empty() ? "" : " and --dataset", Shown(fewest)));
}

// The configuration of a trial, if the state folder knows it.
std::optional<TrialSpec> KnownTrial(const fs::path& state_folder, const TrialId& trial) {
  const SystemClock clock;
  auto reader = Reader::Open(state_folder, clock);
  if (!reader) return std::nullopt;
  auto rows = reader->Query(
      "SELECT c.config FROM trial t JOIN trial_config c ON c.trial = t.key WHERE t.id = ?1",
      std::array{ToHex(trial)});
  if (!rows || !rows->Next().value_or(false)) return std::nullopt;
  const SqlValue config = rows->At(0);
  const auto spec = ParseJson(std::get<std::string_view>(config)).and_then(ParseTrial);
  return spec ? std::optional(*spec) : std::nullopt;
}

std::optional<NetworkChoice> ChooseOwn(const WeightsFile& weights, const NetworkHints& hints,
                                       const std::vector<DatasetRef>& datasets,
                                       const fs::path& state_folder) {
  if (!weights.trial) return std::nullopt;
  const std::optional<TrialSpec> trial = KnownTrial(state_folder, *weights.trial);
  if (!trial) return std::nullopt;
  // Images that were trained on besides have no part in an evaluation.
  const DatasetRef own = {.name = trial->dataset.name, .digest = trial->dataset.digest};
  const DatasetRef dataset = hints.dataset.empty() ? own : datasets.front();
  if (!MisfitsOf(weights, trial->architecture, dataset).empty()) return std::nullopt;
  return NetworkChoice{
      trial->architecture, dataset,
      Format("{} on {}, by trial {} that left the weights", SizeText(trial->architecture),
             dataset.name, ShortHex(*weights.trial))};
}

Result<NetworkChoice> ChooseNamed(const WeightsFile& weights, const NetworkHints& hints,
                                  const std::vector<DatasetRef>& datasets) {
  std::vector<NetworkChoice> choices;
  std::vector<std::string> names;
  for (const NamedArchitecture& named : NamedArchitectures()) {
    for (const DatasetRef& dataset : datasets) {
      if (!MisfitsOf(weights, named.spec, dataset).empty()) continue;
      names.push_back(named.name);
      std::string found_by = Format("{}, by the names and shapes of the tensors", named.name);
      const std::string found_dataset = FoundDataset(hints, dataset);
      if (!found_dataset.empty()) found_by += "; " + found_dataset;
      choices.push_back({named.spec, dataset, std::move(found_by)});
    }
  }
  if (choices.size() == 1) return choices.front();
  const std::string why = choices.empty()
                              ? "no network with a name has its tensors"
                              : "several networks have its tensors: " + Join(names, ", ");
  return Fail(
      ErrorKind::kInvalidInput,
      Format("{}: {}; give --arch: a name, a map such as '{{block: basic, depth: 4, width: "
             "10, activation: silu}}', or a file that holds one{}",
             weights.path.string(), why,
             hints.dataset.empty() ? "; and --dataset, if it is not for a registered one" : ""));
}

}  // namespace

Result<NetworkChoice> ChooseNetwork(const WeightsFile& weights, const NetworkHints& hints,
                                    const fs::path& state_folder) {
  TRY_ASSIGN(const std::vector<DatasetRef> datasets, Datasets(hints.dataset));
  if (!hints.architecture.empty()) return ChooseGiven(weights, hints, datasets);
  auto own = ChooseOwn(weights, hints, datasets, state_folder);
  if (own) return *std::move(own);
  return ChooseNamed(weights, hints, datasets);
}

}  // namespace archsweep
