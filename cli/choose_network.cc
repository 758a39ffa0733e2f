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

// Of each format of images one data set.
std::vector<DatasetRef> DatasetsByFormat() {
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

Result<ArchitectureSpec> ReadArchitectureHint(const std::string& hint, int image_size) {
  if (!MeansFile(hint)) return ReadArchitecture(hint, image_size);
  TRY_ASSIGN(const std::string text, ReadFile(hint, kYamlBytesMax));
  return ReadArchitecture(text, image_size).map_error([&](Error error) {
    return WithContext(std::move(error), hint);
  });
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

// What stands before the names of all tensors, as wrappers of a network put it there: official
// names have nothing in common.
std::string PrefixOf(const WeightsFile& weights) {
  if (weights.tensors.size() < 2) return "";
  std::string prefix = weights.tensors.front().name;
  for (const TensorEntry& tensor : weights.tensors) {
    const auto differ = std::ranges::mismatch(prefix, tensor.name).in1;
    prefix.erase(differ, prefix.end());
  }
  return prefix.substr(0, prefix.rfind('.') + 1);
}

// Whether the file is written as official ones are, whatever network it is of.
Status CheckWriting(const WeightsFile& weights) {
  const auto refuse = [&](const std::string& what) {
    return Fail(ErrorKind::kInvalidInput,
                Format("{}: {}; write it anew without that, as docs/evaluate.md shows",
                       weights.path.string(), what));
  };
  const std::string prefix = PrefixOf(weights);
  if (!prefix.empty()) {
    return refuse(
        Format("the names of its tensors begin with '{}', which the official ones do not", prefix));
  }
  const auto is_odd = [](const TensorEntry& entry) {
    return entry.dtype != "F32" && entry.dtype != "I64";
  };
  const auto odd = std::ranges::find_if(weights.tensors, is_odd);
  if (odd == weights.tensors.end()) return {};
  return refuse(
      Format("{} is of type {}, but weights are F32 and counts I64", odd->name, odd->dtype));
}

std::string FoundDataset(const KnownNetwork& known, const DatasetRef& dataset) {
  if (known.is_dataset_given) return "";
  return Format("data set {}, by its {} classes; --dataset names another", dataset.name,
                FormatOf(dataset).classes);
}

Result<NetworkChoice> ChooseGiven(const WeightsFile& weights, const KnownNetwork& known) {
  const ArchitectureSpec& spec = *known.architecture;
  std::vector<std::string> fewest;
  for (const DatasetRef& dataset : known.datasets) {
    const std::vector<std::string> misfits = MisfitsOf(weights, spec, dataset);
    if (misfits.empty()) return NetworkChoice{spec, dataset, FoundDataset(known, dataset)};
    if (fewest.empty() || misfits.size() < fewest.size()) fewest = misfits;
  }
  return Fail(ErrorKind::kInvalidInput,
              Format("{}: is not of the network of --arch{}:{}", weights.path.string(),
                     known.is_dataset_given ? " and --dataset" : "", Shown(fewest)));
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

std::optional<NetworkChoice> ChooseOwn(const WeightsFile& weights, const KnownNetwork& known,
                                       const fs::path& state_folder) {
  if (!weights.trial) return std::nullopt;
  const std::optional<TrialSpec> trial = KnownTrial(state_folder, *weights.trial);
  if (!trial) return std::nullopt;
  // Images that were trained on besides have no part in an evaluation.
  const DatasetRef own = {.name = trial->dataset.name, .digest = trial->dataset.digest};
  const DatasetRef dataset = known.is_dataset_given ? known.datasets.front() : own;
  if (!MisfitsOf(weights, trial->architecture, dataset).empty()) return std::nullopt;
  return NetworkChoice{
      trial->architecture, dataset,
      Format("{} on {}, by trial {} that left the weights", SizeText(trial->architecture),
             dataset.name, ShortHex(*weights.trial))};
}

Result<NetworkChoice> ChooseNamed(const WeightsFile& weights, const KnownNetwork& known) {
  std::vector<NetworkChoice> choices;
  std::vector<std::string> names;
  for (const NamedArchitecture& named : NamedArchitectures()) {
    for (const DatasetRef& dataset : known.datasets) {
      if (!MisfitsOf(weights, named.spec, dataset).empty()) continue;
      names.push_back(named.name);
      std::string found_by = Format("{}, by the names and shapes of the tensors", named.name);
      const std::string found_dataset = FoundDataset(known, dataset);
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
             known.is_dataset_given ? "" : "; and --dataset, if it is not for a registered one"));
}

}  // namespace

Result<KnownNetwork> ReadHints(const NetworkHints& hints) {
  KnownNetwork known = {.architecture = std::nullopt,
                        .datasets = DatasetsByFormat(),
                        .is_dataset_given = !hints.dataset.empty()};
  std::vector<Error> problems;
  if (known.is_dataset_given) {
    const auto dataset = ReadDataset(hints.dataset);
    if (dataset) known.datasets = {*dataset};
    if (!dataset) problems.push_back(dataset.error());
  }
  if (!hints.architecture.empty()) {
    const int image_size = FormatOf(known.datasets.front()).size;
    const auto architecture = ReadArchitectureHint(hints.architecture, image_size);
    if (architecture) known.architecture = *architecture;
    if (!architecture) problems.push_back(architecture.error());
  }
  if (!problems.empty()) return tl::unexpected(Joined(problems));
  return known;
}

Result<NetworkChoice> ChooseNetwork(const WeightsFile& weights, const KnownNetwork& known,
                                    const fs::path& state_folder) {
  TRY(CheckWriting(weights));
  if (known.architecture) return ChooseGiven(weights, known);
  auto own = ChooseOwn(weights, known, state_folder);
  if (own) return *std::move(own);
  return ChooseNamed(weights, known);
}

}  // namespace archsweep
