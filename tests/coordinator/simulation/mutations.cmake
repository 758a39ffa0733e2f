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
mutation(takes-back-what-runs-at-a-restart coordinator/recovery.cc
  [[    case TaskState::kRunning:
      return Running{task.live->token};]]
  [[    case TaskState::kRunning:
      return Queued{};]])
mutation(believes-an-end-of-another-worker coordinator/scheduler/scheduler.cc
  [[if (found != live_.end() && found->second.worker == report.worker) {]]
  [[if (found != live_.end()) {]])
mutation(applies-a-repeated-line-twice coordinator/scheduler/attempts.cc
  [[  if (numbered.number <= slot.lines_applied) return;]]
  [[]])
mutation(accepts-an-older-token coordinator/scheduler/scheduler.cc
  [[      const auto found = live_.find(observed.token);]]
  [[      const auto found = live_.lower_bound(observed.token);]])
mutation(gives-a-slot-out-twice coordinator/scheduler/fleet.cc
  [[    const bool is_free = worker.slots[static_cast<size_t>(number)].holders.empty();]]
  [[    const bool is_free = worker.slots[static_cast<size_t>(number)].holders.size() < 2;]])
mutation(queues-behind-any-holder coordinator/scheduler/fleet.cc
  [[slot.is_short && !slot.in_advance;]]
  [[slot.is_short;]])
mutation(forgets-priority coordinator/scheduler/ready_queue.cc
  [[  return {.priority = queue.priority,]]
  [[  return {.priority = 0,]])
mutation(counts-nothing-against-a-limit coordinator/scheduler/dispatch.cc
  [[  ++sweeps_.at(sweep).running;]]
  [[]])
mutation(never-releases-a-host coordinator/scheduler/scheduler.cc
  [[  for (const std::string& host : hosts_.Over(now_ms_)) ReleaseHost(host, "its time is over");]]
  [[]])
mutation(releases-a-host-in-name-only coordinator/scheduler/scheduler.cc
  [[  fleet_.Ban(host, false);]]
  [[]])
mutation(quarantines-in-name-only coordinator/scheduler/attempts.cc
  [[  fleet_.Ban(host, true);]]
  [[]])
mutation(lets-a-drained-worker-go-on coordinator/scheduler/scheduler.cc
  [[  for (const Token token : std::set<Token>(worker.attempts)) AskToStop(live_.at(token));]]
  [[]])
mutation(forgets-a-drain-on-restart coordinator/recovery.cc
  [[    state.workers.push_back({worker.description, worker.draining});]]
  [[    state.workers.push_back({worker.description, false});]])
mutation(goes-on-with-what-nobody-wants coordinator/scheduler/steering.cc
  [[  if (!is_active) AskToStop(slot);]]
  [[]])
mutation(never-loses-a-silent-worker coordinator/scheduler/scheduler.cc
  [[  for (const WorkerId& id : fleet_.Silent(now_ms_)) {]]
  [[  for (const WorkerId& id : fleet_.Silent(now_ms_ - 600'000)) {]])
mutation(keeps-a-worker-that-is-proven-dead coordinator/scheduler/scheduler.cc
  [[    if (Knows(dead)) LoseWorker(dead, "its process was found dead");]]
  [[    static_cast<void>(dead);]])
mutation(tries-again-at-once coordinator/scheduler/attempts.cc
  [[  const int64_t ready_ms = now_ms_ + verdict.delay_ms;]]
  [[  const int64_t ready_ms = now_ms_;]])
mutation(fails-a-task-too-early coordinator/scheduler/policy.cc
  [[charged >= kChargedFailuresMax ||]]
  [[charged >= kChargedFailuresMax - 1 ||]])
mutation(never-fails-a-task coordinator/scheduler/policy.cc
  [[charged >= kChargedFailuresMax ||]]
  [[charged > kChargedFailuresMax ||]])
mutation(loses-the-counts-on-restart coordinator/recovery.cc
  [[                      .charged = task.charged,]]
  [[                      .charged = 0,]])
mutation(begins-again-with-old-tokens coordinator/recovery.cc
  [[                     .newest_token = stored.newest_token,]]
  [[                     .newest_token = {},]])
mutation(drops-a-checkpoint coordinator/scheduler/attempts.cc
  [[    effects_.changes.push_back(CheckpointRecorded{slot.token, *checkpoint});]]
  [[    static_cast<void>(checkpoint);]])
mutation(trains-without-the-time coordinator/scheduler/fleet.cc
  [[  if (!ends_ms) return true;]]
  [[  if (!ends_ms || need.can_resume) return true;]])
mutation(never-tells-to-stop coordinator/engine_core.cc
  [[    order.stop = slot->stopping;]]
  [[    order.stop = false;]])
mutation(withholds-an-order-that-was-lost coordinator/engine_core.cc
  [[    if (!known.contains(slot->token)) {]]
  [[    if (!known.contains(slot->token) && slot->assigned_ms == now_ms_) {]])
mutation(begins-with-half-a-gang coordinator/scheduler/dispatch.cc
  [[.slots = resources.ranks,]]
  [[.slots = (resources.ranks + 1) / 2,]])
mutation(believes-what-another-worker-says-of-use coordinator/scheduler/attempts.cc
  [[found == live_.end() || found->second.worker != worker) return;]]
  [[found == live_.end() || !Knows(worker)) return;]])
mutation(records-use-with-every-report coordinator/scheduler/attempts.cc
  [[  slot.use_recorded_ms = now_ms_;]]
  [[]])
mutation(forgets-what-an-attempt-used coordinator/scheduler/scheduler.cc
  [[    NoteUse(report.worker, observed);]]
  [[]])
