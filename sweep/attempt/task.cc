#include "sweep/attempt/task.h"

#include "base/check.h"
#include "base/text.h"

namespace archsweep {

std::string_view NameOf(TaskKind kind) { return kind == TaskKind::kTrain ? "train" : "evaluate"; }

TrialId TaskId::Trial() const {
  CHECK(kind == TaskKind::kTrain);
  return TrialId{id};
}

EvaluationId TaskId::Evaluation() const {
  CHECK(kind == TaskKind::kEvaluate);
  return EvaluationId{id};
}

std::string ToText(const TaskId& id) {
  return Format("{}:{}", NameOf(id.kind), ToHex(TrialId{id.id}));
}

Result<TaskId> ParseTaskId(std::string_view text) {
  for (const TaskKind kind : {TaskKind::kTrain, TaskKind::kEvaluate}) {
    const std::string prefix = Format("{}:", NameOf(kind));
    if (!text.starts_with(prefix)) continue;
    TRY_ASSIGN(const TrialId id, ParseId<TrialId>(text.substr(prefix.size())));
    return TaskId{kind, id.bytes};
  }
  return Fail(ErrorKind::kInvalidInput,
              Format("'{}' is not a task: write train:ID or evaluate:ID", text));
}

}  // namespace archsweep
