#pragma once

#include <optional>

#include "coordinator/scheduler/task.h"

namespace archsweep {

// The token under which the task is assigned or running.
std::optional<Token> LiveToken(const Task& task);

// Every change of a task's status. Each asserts the status that it starts from.

// Queued -> Assigned; counts the attempt.
void Assign(Task& task, Token token);
// Assigned -> Running.
void Start(Task& task, Token token);
// Running -> Succeeded.
void Succeed(Task& task, Token token);
// Assigned or Running -> Queued.
void Return(Task& task, Token token);
// Assigned or Running -> BackingOff.
void BackOff(Task& task, Token token, int64_t ready_ms);
// Assigned or Running -> Failed.
void Fail(Task& task, Token token);
// BackingOff -> Queued.
void BecomeReady(Task& task);
// Assigned or Running -> Cancelled.
void CancelLive(Task& task, Token token);
// Queued or BackingOff -> Cancelled.
void Cancel(Task& task);
// Failed or Cancelled -> Queued, with its counts at zero.
void Requeue(Task& task);

}  // namespace archsweep
