#include "sweep/language/fields.h"

#include <algorithm>

namespace archsweep {
namespace {

constexpr Field kFields[] = {
    {"dataset", &TrialSpec::dataset},
    {"architecture", &TrialSpec::architecture},
    {"architecture.block", &ArchitectureSpec::block},
    {"architecture.depth", &ArchitectureSpec::depth},
    {"architecture.width", &ArchitectureSpec::width},
    {"architecture.activation", &ArchitectureSpec::activation},
    {"architecture.pre_process", &ArchitectureSpec::pre_process},
    {"architecture.scales", &RobustBlockSpec::scales},
    {"architecture.base_width", &RobustBlockSpec::base_width},
    {"architecture.cardinality", &RobustBlockSpec::cardinality},
    {"architecture.se_reduction", &RobustBlockSpec::se_reduction},
    {"training", &TrialSpec::training},
    {"training.epochs", &TrainingSpec::epochs},
    {"training.batch_size", &TrainingSpec::batch_size},
    {"training.batch_norm_group", &TrainingSpec::batch_norm_group},
    {"training.learning_rate", &TrainingSpec::learning_rate},
    {"training.momentum", &TrainingSpec::momentum},
    {"training.weight_decay", &TrainingSpec::weight_decay},
    {"training.gradient_clip", &TrainingSpec::gradient_clip},
    {"training.beta", &TrainingSpec::beta},
    {"training.epsilon_255", &TrainingSpec::epsilon_255},
    {"training.attack_step_255", &TrainingSpec::attack_step_255},
    {"training.attack_steps", &TrainingSpec::attack_steps},
    {"training.augment", &TrainingSpec::augment},
    {"seed", &TrialSpec::seed},
};

}  // namespace

std::span<const Field> Fields() { return kFields; }

const Field* FindField(std::string_view path) {
  const auto* const found = std::ranges::find(kFields, path, &Field::path);
  return found == std::end(kFields) ? nullptr : found;
}

std::vector<std::string> KeysOf(std::string_view group) {
  std::vector<std::string> keys;
  for (const Field& field : kFields) {
    const size_t dot = field.path.find('.');
    const std::string_view own_group =
        dot == std::string_view::npos ? "" : field.path.substr(0, dot);
    if (own_group == group) keys.emplace_back(field.path.substr(dot + 1));
  }
  return keys;
}

void CopyField(const Field& field, const TrialSpec& from, TrialSpec& to) {
  const auto copy = [&](auto member) { MemberOf(to, member) = MemberOf(from, member); };
  std::visit(copy, field.target);
}

bool IsPerStage(const Field& field) {
  return std::holds_alternative<StageValues ArchitectureSpec::*>(field.target);
}

bool IsOfRobustBlock(const Field& field) {
  return std::holds_alternative<int RobustBlockSpec::*>(field.target);
}

}  // namespace archsweep
