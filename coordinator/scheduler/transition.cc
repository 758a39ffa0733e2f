#include "coordinator/scheduler/transition.h"

#include "base/check.h"

namespace archsweep {
std::optional<Token> LiveToken(const Task& task) {
  if (const auto* assigned = std::get_if<Assigned>(&task.status)) return assigned->token;
  if (const auto* running = std::get_if<Running>(&task.status)) return running->token;
  return std::nullopt;
}

void Assign(Task& task, Token token) {
  CHECK(std::holds_alternative<Queued>(task.status));
  ++task.attempts;
  task.status = Assigned{token};
}

void Start(Task& task, Token token) {
  const auto* assigned = std::get_if<Assigned>(&task.status);
  CHECK(assigned && assigned->token == token);
  task.status = Running{token};
}

void Succeed(Task& task, Token token) {
  const auto* running = std::get_if<Running>(&task.status);
  CHECK(running && running->token == token);
  task.status = Succeeded{};
}

void Return(Task& task, Token token) {
  CHECK(LiveToken(task) == token);
  task.status = Queued{};
}

void BackOff(Task& task, Token token, int64_t ready_ms) {
  CHECK(LiveToken(task) == token);
  task.status = BackingOff{ready_ms};
}

void Fail(Task& task, Token token) {
  CHECK(LiveToken(task) == token);
  task.status = Failed{};
}

void BecomeReady(Task& task) {
  CHECK(std::holds_alternative<BackingOff>(task.status));
  task.status = Queued{};
}

void CancelLive(Task& task, Token token) {
  CHECK(LiveToken(task) == token);
  task.status = Cancelled{};
}

void Cancel(Task& task) {
  CHECK(std::holds_alternative<Queued>(task.status) ||
        std::holds_alternative<BackingOff>(task.status));
  task.status = Cancelled{};
}

void Requeue(Task& task) {
  CHECK(std::holds_alternative<Failed>(task.status) ||
        std::holds_alternative<Cancelled>(task.status));
  task.charged = 0;
  task.uncharged = 0;
  task.status = Queued{};
}

}  // namespace archsweep
