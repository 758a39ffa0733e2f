# Deliberate faults, each of which the simulation must find. A mutation replaces one text of one source file, which must
# occur there exactly once; the product itself knows nothing of it.
#   mutation(NAME FILE FROM TO)

mutation(repeats-a-token coordinator/scheduler/dispatch.cc
  [[++newest_token_.value]]
  [[newest_token_.value += newest_token_.value % 5 != 4]])
mutation(answers-before-the-commit coordinator/engine_core.cc
  [[  TRY(CommitChanges(hooks));
  hooks.committed();
  AnswerPeople();
  return AnswerWorkers();]]
  [[  AnswerPeople();
  TRY(AnswerWorkers());
  TRY(CommitChanges(hooks));
  hooks.committed();
  return {};]])
mutation(ignores-a-failed-commit coordinator/engine_core.cc
  [[  TRY(CommitWhenThereIsSpace([&] { return journal_->Commit(changes); }, hooks.wait_for_space));]]
  [[  static_cast<void>(
      CommitWhenThereIsSpace([&] { return journal_->Commit(changes); }, hooks.wait_for_space));]])
mutation(reassigns-in-the-re-attach-window coordinator/scheduler/scheduler.cc
  [[fleet_.Add(worker.description, now_ms, now_ms + kLeaseMs);]]
  [[fleet_.Add(worker.description, now_ms, now_ms + 1);]])
mutation(drops-the-spool tests/coordinator/simulation/world.cc
  [[worker.Sent(call, local_ms, {});]]
  [[worker.Sent(call, local_ms, {.drops_spool = true});]])
mutation(forgets-a-membership coordinator/scheduler/steering.cc
  [[is_active = is_active || sweep.IsActive();]]
  [[is_active = sweep.IsActive();]])
mutation(charges-for-a-lost-worker coordinator/scheduler/policy.cc
  [[    case FailureClass::kLost:
      return false;]]
  [[    case FailureClass::kLost:
      return true;]])
mutation(frees-a-slot-twice coordinator/scheduler/fleet.cc
  [[    ++worker.free[number >= worker.cpu_slots];]]
  [[    worker.free[number >= worker.cpu_slots] += 2;]])
mutation(forgets-a-drain coordinator/scheduler/fleet.cc
  [[  worker.draining = true;]]
  [[  Index(id, worker);]])
mutation(trusts-a-worker-before-it-is-heard coordinator/scheduler/fleet.cc
  [[                     .lease_end_ms = lease_end_ms,]]
  [[                     .lease_end_ms = lease_end_ms, .heard = true,]])
mutation(evaluates-before-the-training coordinator/scheduler/steering.cc
  [[  return task.spec.id.kind == TaskKind::kTrain ||]]
  [[  return task.spec.id.kind == TaskKind::kEvaluate || task.spec.id.kind == TaskKind::kTrain ||]])
mutation(ignores-the-limit-of-a-sweep coordinator/scheduler/dispatch.cc
  [[sweep.running >= sweep.queue.running_max ||]]
  [[sweep.running < 0 ||]])
mutation(forgets-to-try-again coordinator/scheduler/attempts.cc
  [[  backing_off_.emplace(ready_ms, slot.task);]]
  [[]])
mutation(forgets-a-quarantine-on-restart coordinator/scheduler/scheduler.cc
  [[    fleet_.Ban(ban.host, true);]]
  [[]])
mutation(drops-what-it-refuses coordinator/scheduler/scheduler.cc
  [[ToText(line.line)]]
  [[""]])
