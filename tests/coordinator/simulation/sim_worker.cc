#include "tests/coordinator/simulation/sim_worker.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace archsweep {
namespace {

constexpr int64_t kRetryMs = 1'000;
constexpr int64_t kBusyMs = 2'000;

}  // namespace

SimWorker::SimWorker(WorkerDescription description, std::mt19937_64& random)
    : description_(std::move(description)), random_(random) {}

bool SimWorker::HasSpool() const {
  return std::ranges::any_of(held_, [](const auto& entry) { return !entry.second.lines.empty(); });
}

void SimWorker::BeginNewLife(const WorkerId& id, bool proves_death, bool adopts_spool) {
  if (proves_death) {
    description_.dead_workers.push_back(description_.worker);
  } else {
    description_.dead_workers.clear();
  }
  description_.worker = id;
  if (!adopts_spool) held_.clear();
  for (auto& [token, held] : held_) held.running = held.ended = true;
  registered_ = leaving_ = sent_leaving_ = gone_ = false;
  call_.reset();
  next_call_ms_ = 0;
}

void SimWorker::Add(Held& held, ProgressLine line, std::string flags) {
  held.lines.push_back(
      {.number = ++held.number, .line = std::move(line), .flags = std::move(flags)});
}

void SimWorker::Begin() {
  std::map<int, std::pair<int, int>> used;  // How many run on a slot, and how many may.
  for (const auto& [token, held] : held_) {
    if (!held.running || held.ended) continue;
    for (const int slot : held.order.slots) {
      auto& [count, share] = used.try_emplace(slot, 0, kShareMax).first->second;
      ++count;
      share = std::min(share, held.order.share);
    }
  }
  for (auto& [token, held] : held_) {
    if (held.running || held.ended) continue;
    const bool fits = std::ranges::all_of(held.order.slots, [&](int slot) {
      const auto found = used.find(slot);
      return found == used.end() ||
             found->second.first < std::min(found->second.second, held.order.share);
    });
    for (const int slot : held.order.slots) {
      auto& [count, share] = used.try_emplace(slot, 0, kShareMax).first->second;
      ++count;
      share = std::min(share, held.order.share);
    }
    if (!fits) continue;
    held.running = true;
    if (held.order.stop) {
      held.ended = true;
      Add(held, FailedLine{{FailureClass::kStopped, "stopped before it started"}});
    } else {
      Add(held, StartedLine{});
    }
  }
}

void SimWorker::Advance(Held& held, const WorkerFaults& faults) {
  if (held.order.stop && Chance(2)) {
    held.ended = true;
    return Add(held, FailedLine{{FailureClass::kStopped, "asked to stop"}});
  }
  ++held.steps;
  Add(held, StepLine{.step = held.steps, .steps = 8});
  if (Chance(4)) Add(held, EpochLine{.epoch = held.steps});
  if (Chance(8)) Add(held, CheckpointLine{.step = held.steps, .folder = "c"});
  if (held.steps < 2 || !Chance(3)) return;
  held.ended = true;
  if (faults.fails && Chance(4)) {
    constexpr std::array kClasses = {FailureClass::kTask,        FailureClass::kTask,
                                     FailureClass::kStalled,     FailureClass::kStorage,
                                     FailureClass::kOutOfMemory, FailureClass::kConfiguration,
                                     FailureClass::kLost};
    Add(held, FailedLine{{kClasses[random_() % kClasses.size()], "simulated"}});
  } else if (held.order.evaluation) {
    Add(held, EvaluatedLine{.images = 8, .correct = 3, .seconds = 1}, "f");
  } else {
    Add(held,
        TrainedLine{
            .steps = 8, .diverged = Chance(12), .seconds = 2, .folder = "w", .model_sha256 = "d"});
  }
}

void SimWorker::Work(const WorkerFaults& faults) {
  Begin();
  for (auto& [token, held] : held_) {
    if (held.running && !held.ended) Advance(held, faults);
  }
}

WorkerReport SimWorker::Report(bool hold) {
  WorkerReport report{.worker = description_.worker, .attempts = {}};
  for (auto& [token, held] : held_) {
    report.attempts.push_back({token, held.lines});
    if (held.running) report.attempts.back().use = SimUse(token, held.steps);
    held.sent = held.number;
  }
  report.leaving =
      leaving_ && std::ranges::all_of(held_, [](const auto& entry) { return entry.second.ended; });
  sent_leaving_ = report.leaving;
  if (hold && held_.empty() && !report.leaving) report.hold_ms = kHoldMsMax;
  return report;
}

void SimWorker::Sent(int64_t call, int64_t now_ms, const WorkerFaults& faults) {
  call_ = call;
  call_sent_ms_ = now_ms;
  if (!faults.drops_spool) return;
  for (auto& [token, held] : held_) held.lines.clear();
}

void SimWorker::GiveUpCall(int64_t now_ms) {
  constexpr int64_t kPatienceMs = kHoldMsMax + 10'000;
  if (!call_ || now_ms - call_sent_ms_ < kPatienceMs) return;
  call_.reset();
  next_call_ms_ = now_ms;
}

void SimWorker::On(const RegisterAnswer&, int64_t now_ms) {
  registered_ = true;
  description_.dead_workers.clear();
  call_.reset();
  next_call_ms_ = now_ms;
}

void SimWorker::On(const WorkerOrders& orders, int64_t now_ms) {
  call_.reset();
  next_call_ms_ = now_ms + kBusyMs;
  gone_ = sent_leaving_;
  for (auto& [token, held] : held_) {
    std::erase_if(held.lines, [&](const NumberedLine& line) { return line.number <= held.sent; });
  }
  std::map<Token, Held> kept;
  for (const AttemptOrder& order : orders.attempts) {
    const auto found = held_.find(order.token);
    Held& held = kept[order.token];
    if (found != held_.end()) held = std::move(found->second);
    CHECK(found != held_.end() || !order.known);
    if (found == held_.end()) held.order = order;
    held.order.stop = held.order.stop || order.stop;
  }
  held_ = std::move(kept);
  leaving_ = leaving_ || orders.leave;
}

bool SimWorker::OnError(const Error& error, int64_t now_ms) {
  call_.reset();
  next_call_ms_ = now_ms + kRetryMs;
  return error.kind == ErrorKind::kNotFound && registered_;
}

}  // namespace archsweep
