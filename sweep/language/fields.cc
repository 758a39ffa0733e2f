#include "sweep/language/fields.h"

#include <algorithm>
#include <type_traits>

namespace archsweep {
namespace {

std::vector<Field> MakeFields() {
  std::vector<Field> fields = {
      {"dataset", &TrialSpec::dataset, "registered name, or a map of name and digest"},
      {"architecture", &TrialSpec::architecture, "name of a network, or a map"},
      {"architecture.block", &ArchitectureSpec::block, "kind of block"},
      {"architecture.depth", &ArchitectureSpec::depth, "blocks per stage"},
      {"architecture.width", &ArchitectureSpec::width, "widening factors per stage"},
      {"architecture.kernel", &ArchitectureSpec::kernel, "size of spatial convolutions"},
      {"architecture.activation", &ArchitectureSpec::activation, "activation"},
      {"architecture.norm", &ArchitectureSpec::norm, "normalisation"},
      {"architecture.order", &ArchitectureSpec::order, "norms before or behind convolutions"},
      {"architecture.pre_process", &ArchitectureSpec::pre_process,
       "standardise images inside the network"},
      {"architecture.cells", &CellSpec::genotype, "a network of searched cells instead of blocks"},
      {"architecture.channels", &CellSpec::channels, "channels of the first cells"},
      {"architecture.layers", &CellSpec::layers, "cells"}};
  for (const BlockSetting& setting : BlockSettings()) {
    fields.push_back({"architecture." + setting.key, SettingTarget{&setting}, setting.summary});
  }
  fields.push_back(
      {"training", &TrialSpec::training, "name of a recipe, or a map that overrides its fields"});
  fields.push_back({"training.numerics", &TrialSpec::numerics,
                    "fast, or reference: the official order of operations"});
  for (const TrainingSetting& setting : TrainingSettings()) {
    fields.push_back({"training." + setting.key, TrainingTarget{&setting}, setting.summary});
  }
  fields.push_back({"weights", &TrialSpec::weights_sha256,
                    "digest of weights that are there, instead of a training"});
  fields.push_back({"seed", &TrialSpec::seed, "of weights, batches, augmentation and noise"});
  return fields;
}

// Calls `use` with the member of `spec` that the field sets; a setting of blocks comes as the
// pointer to its value, null where it is not given.
template <class Spec, class Use>
auto VisitValue(const Field& field, Spec& spec, const Use& use) {
  return std::visit(
      [&](auto target) {
        if constexpr (std::is_same_v<decltype(target), SettingTarget>) {
          const auto found = spec.architecture.settings.find(target.setting->key);
          return use(found == spec.architecture.settings.end() ? nullptr : &found->second);
        } else if constexpr (std::is_same_v<decltype(target), TrainingTarget>) {
          return std::visit([&](auto member) { return use(&(spec.training.*member)); },
                            target.setting->member);
        } else {
          return use(&MemberOf(spec, target));
        }
      },
      field.target);
}

struct ToNumbers {
  std::vector<double> operator()(const int* value) const {
    if (value == nullptr) return {};
    return {static_cast<double>(*value)};
  }
  std::vector<double> operator()(const uint64_t* value) const {
    return {static_cast<double>(*value)};
  }
  std::vector<double> operator()(const double* value) const { return {*value}; }
  std::vector<double> operator()(const PerStage<int>* value) const {
    return {value->begin(), value->end()};
  }
  std::vector<double> operator()(const void*) const { return {}; }
};

bool IsReadBySomeBlock(const BlockSetting& setting, const ArchitectureSpec& spec) {
  for (size_t stage = 0; stage < kStages; ++stage) {
    const BlockSetting* const own = spec.block[stage]->Find(setting.key);
    if (own != nullptr && HasEffect(*own, SettingsOf(spec, stage))) return true;
  }
  return false;
}

}  // namespace

std::span<const Field> Fields() {
  static const std::vector<Field> kFields = MakeFields();
  return kFields;
}

const Field* FindField(std::string_view path) {
  const auto found = std::ranges::find(Fields(), path, &Field::path);
  return found == Fields().end() ? nullptr : &*found;
}

std::vector<std::string> KeysOf(std::string_view group) {
  std::vector<std::string> keys;
  for (const Field& field : Fields()) {
    const std::string_view path = field.path;
    const size_t dot = path.find('.');
    const std::string_view own_group = dot == std::string_view::npos ? "" : path.substr(0, dot);
    if (own_group == group) keys.emplace_back(path.substr(dot + 1));
  }
  return keys;
}

void CopyField(const Field& field, const TrialSpec& from, TrialSpec& to) {
  std::visit(
      [&](auto target) {
        if constexpr (std::is_same_v<decltype(target), SettingTarget>) {
          const std::string& key = target.setting->key;
          to.architecture.settings[key] = from.architecture.settings.at(key);
        } else if constexpr (std::is_same_v<decltype(target), TrainingTarget>) {
          std::visit([&](auto member) { to.training.*member = from.training.*member; },
                     target.setting->member);
        } else {
          MemberOf(to, target) = MemberOf(from, target);
        }
      },
      field.target);
}

bool HaveEqual(const Field& field, const TrialSpec& a, const TrialSpec& b) {
  return VisitValue(field, a, [&](const auto* value) {
    using Value = std::remove_cvref_t<decltype(*value)>;
    return VisitValue(field, b, [&](const auto* other) {
      if constexpr (std::is_same_v<std::remove_cvref_t<decltype(*other)>, Value>) {
        if (value == nullptr || other == nullptr) return value == nullptr && other == nullptr;
        return *value == *other;
      } else {
        return false;
      }
    });
  });
}

std::vector<double> NumbersOf(const Field& field, const TrialSpec& spec) {
  if (const auto* target = std::get_if<SettingTarget>(&field.target)) {
    if (!target->setting->words.empty()) return {};
  }
  return VisitValue(field, spec, ToNumbers{});
}

bool IsPerStage(const Field& field) {
  return std::holds_alternative<PerStage<int> ArchitectureSpec::*>(field.target);
}

bool HasEffect(const Field& field, const TrialSpec& spec) {
  const bool is_of_training = field.path == "seed" || field.path.starts_with("training");
  if (is_of_training) return !spec.IsImported();
  const bool is_cells = spec.architecture.cells.genotype != nullptr;
  if (const auto* target = std::get_if<SettingTarget>(&field.target)) {
    return !is_cells && IsReadBySomeBlock(*target->setting, spec.architecture);
  }
  if (const auto* target = std::get_if<TrainingTarget>(&field.target)) {
    return HasEffect(*target->setting, spec.training);
  }
  if (std::holds_alternative<int CellSpec::*>(field.target)) return is_cells;
  const bool is_of_stages = field.path.starts_with("architecture.") &&
                            field.path != "architecture.pre_process" &&
                            !std::holds_alternative<const Genotype * CellSpec::*>(field.target);
  return !(is_cells && is_of_stages);
}

}  // namespace archsweep
