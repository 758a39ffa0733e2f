#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/id.h"
#include "base/result.h"

namespace archsweep {

enum class TaskKind { kTrain, kEvaluate };

std::string_view NameOf(TaskKind kind);

// What the scheduler places: train a trial, or run an evaluation of it. Exactly one of the ids has
// a meaning.
struct TaskId {
  TaskKind kind = TaskKind::kTrain;
  std::array<uint8_t, 16> id{};  // Of the trial or of the evaluation.

  static TaskId Train(const TrialId& trial) { return {TaskKind::kTrain, trial.bytes}; }
  static TaskId Evaluate(const EvaluationId& evaluation) {
    return {TaskKind::kEvaluate, evaluation.bytes};
  }
  TrialId Trial() const;            // Asserts kTrain.
  EvaluationId Evaluation() const;  // Asserts kEvaluate.

  friend auto operator<=>(const TaskId&, const TaskId&) = default;
};

// "train:HEX" or "evaluate:HEX", and back.
std::string ToText(const TaskId& id);
Result<TaskId> ParseTaskId(std::string_view text);

// The right to run one attempt: a number that only grows over the life of a database. A report
// under any token but the newest of its task is stale.
struct Token {
  int64_t value = 0;
  friend auto operator<=>(const Token&, const Token&) = default;
};

}  // namespace archsweep
