#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sweep/trial/trial.h"

namespace archsweep {

using StageValues = std::array<int, kStages>;

// The member that a field sets; its type decides how the value is written.
using FieldTarget =
    std::variant<DatasetRef TrialSpec::*, ArchitectureSpec TrialSpec::*, TrainingSpec TrialSpec::*,
                 uint64_t TrialSpec::*, StageValues ArchitectureSpec::*,
                 BlockKind ArchitectureSpec::*, ActivationKind ArchitectureSpec::*,
                 bool ArchitectureSpec::*, int RobustBlockSpec::*, int TrainingSpec::*,
                 double TrainingSpec::*, bool TrainingSpec::*>;

// Something of a trial that a sweep file names, in `base` by nested keys and in `grid` by its path.
struct Field {
  std::string_view path;  // "training.beta"; the part before the dot is itself a field.
  FieldTarget target;
};

// All of them; the one definition behind keys, axes, types and suggestions. Bounds are those of
// Problems(ArchitectureSpec) and Problems(TrainingSpec).
std::span<const Field> Fields();

// Null if there is none of that path.
const Field* FindField(std::string_view path);

// The last parts of the paths that begin with `group` and a dot; of all paths without a dot for "".
std::vector<std::string> KeysOf(std::string_view group);

// Makes the field of `to` equal to that of `from`.
void CopyField(const Field& field, const TrialSpec& from, TrialSpec& to);

// Depth or width, which can differ from stage to stage.
bool IsPerStage(const Field& field);

// Read only where the block is the robust one.
bool IsOfRobustBlock(const Field& field);

// Where a member of some part of a trial is.
inline TrialSpec& PartOf(TrialSpec& spec, const TrialSpec*) { return spec; }
inline ArchitectureSpec& PartOf(TrialSpec& spec, const ArchitectureSpec*) {
  return spec.architecture;
}
inline RobustBlockSpec& PartOf(TrialSpec& spec, const RobustBlockSpec*) {
  return spec.architecture.robust;
}
inline TrainingSpec& PartOf(TrialSpec& spec, const TrainingSpec*) { return spec.training; }

template <class Value, class Part>
Value& MemberOf(TrialSpec& spec, Value Part::*member) {
  return PartOf(spec, static_cast<const Part*>(nullptr)).*member;
}

template <class Value, class Part>
const Value& MemberOf(const TrialSpec& spec, Value Part::*member) {
  return MemberOf(const_cast<TrialSpec&>(spec), member);
}

}  // namespace archsweep
