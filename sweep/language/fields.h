#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sweep/trial/training_setting.h"
#include "sweep/trial/trial.h"

namespace archsweep {

// A setting of blocks, in ArchitectureSpec::settings.
struct SettingTarget {
  const BlockSetting* setting = nullptr;
};

// A setting of the training.
struct TrainingTarget {
  const TrainingSetting* setting = nullptr;
};

// The member that a field sets; its type decides how the value is written.
using FieldTarget = std::variant<
    DatasetRef TrialSpec::*, ArchitectureSpec TrialSpec::*, TrainingSpec TrialSpec::*,
    Numerics TrialSpec::*, uint64_t TrialSpec::*, std::optional<std::string> TrialSpec::*,
    PerStage<const BlockType*> ArchitectureSpec::*, PerStage<int> ArchitectureSpec::*,
    PerStage<ActivationKind> ArchitectureSpec::*, PerStage<NormKind> ArchitectureSpec::*,
    LayerOrder ArchitectureSpec::*, bool ArchitectureSpec::*, const Genotype * CellSpec::*,
    int CellSpec::*, SettingTarget, TrainingTarget>;

// Something of a trial that a sweep file names, in `base` by nested keys and in `grid` by its path.
struct Field {
  std::string path;  // "training.beta"; the part before the dot is itself a field.
  FieldTarget target;
  std::string summary;
};

// All of them; the one definition behind keys, axes, types, suggestions and the schema. Bounds are
// those of Problems(ArchitectureSpec) and Problems(TrainingSpec).
std::span<const Field> Fields();

// Null if there is none of that path.
const Field* FindField(std::string_view path);

// The last parts of the paths that begin with `group` and a dot; of all paths without a dot for "".
std::vector<std::string> KeysOf(std::string_view group);

// Makes the field of `to` equal to that of `from`.
void CopyField(const Field& field, const TrialSpec& from, TrialSpec& to);

// Whether both have the same value in the field.
bool HaveEqual(const Field& field, const TrialSpec& a, const TrialSpec& b);

// The value as numbers, one a stage where stages differ; empty if it is no number.
std::vector<double> NumbersOf(const Field& field, const TrialSpec& spec);

// Depth, width and kernel, which can differ from stage to stage.
bool IsPerStage(const Field& field);

// Whether the field decides anything in `spec`, given its other fields.
bool HasEffect(const Field& field, const TrialSpec& spec);

// Where a member of some part of a trial is.
inline TrialSpec& PartOf(TrialSpec& spec, const TrialSpec*) { return spec; }
inline ArchitectureSpec& PartOf(TrialSpec& spec, const ArchitectureSpec*) {
  return spec.architecture;
}
inline CellSpec& PartOf(TrialSpec& spec, const CellSpec*) { return spec.architecture.cells; }

template <class Value, class Part>
Value& MemberOf(TrialSpec& spec, Value Part::*member) {
  return PartOf(spec, static_cast<const Part*>(nullptr)).*member;
}

template <class Value, class Part>
const Value& MemberOf(const TrialSpec& spec, Value Part::*member) {
  return MemberOf(const_cast<TrialSpec&>(spec), member);
}

}  // namespace archsweep
