#include "worker/agent/agent_loop.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <limits>
#include <set>
#include <utility>

#include "archsweep_version.h"
#include "base/log.h"
#include "base/text.h"
#include "worker/agent/slot_table.h"

namespace archsweep {
namespace {

constexpr int64_t kDeniedPatienceMs = 30'000;  // For a new access file to reach this host.
constexpr int64_t kForeverMs = std::numeric_limits<int64_t>::max();

// Of the time for a stop: for trainers that do not leave when asked, and to tell the coordinator.
constexpr int64_t kTermMs = 700;
constexpr int64_t kTellMs = 1'300;

StopGrace GraceWithin(int64_t stop_ms) {
  return {.ask_ms = std::max<int64_t>(stop_ms - kTermMs - kTellMs, 0), .term_ms = kTermMs};
}

std::string HostName() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

}  // namespace

Result<std::unique_ptr<AgentLoop>> AgentLoop::Create(AttemptSurroundings around, WorkFolder work,
                                                     WakeEvent wake) {
  std::unique_ptr<AgentLoop> loop(
      new AgentLoop(std::move(around), std::move(work), std::move(wake)));
  TRY(loop->ConnectTo(loop->around_.options.access));
  return loop;
}

AgentLoop::AgentLoop(AttemptSurroundings around, WorkFolder work, WakeEvent wake)
    : around_([&] {
        around.wake = &wake_;
        around.spares = &spares_;
        return std::move(around);
      }()),
      work_(std::move(work)),
      wake_(std::move(wake)),
      sampler_(around_.host, around_.options.sample_ms, around_.options.nvml_library),
      adoption_(work_.TakeSpools()) {}

Status AgentLoop::ConnectTo(const Access& access) {
  TRY_ASSIGN(FleetClient client, FleetClient::To(access, wake_));
  client_.emplace(std::move(client));
  access_ = access;
  return {};
}

bool AgentLoop::FollowMove() {
  if (around_.options.access_file.empty()) return false;
  const auto access = ReadAccess(around_.options.access_file);
  if (!access || *access == access_) return false;
  if (const Status connected = ConnectTo(*access); !connected) {
    LogWarning("{}", connected.error().message);
    return false;
  }
  LogInfo("the coordinator is now at {}", Join(access_.addresses, ", "));
  return true;
}

Status AgentLoop::Run(std::stop_token stop) {
  const std::stop_callback wake_up(stop, [this] { wake_.Raise(); });
  start_ms_ = clock_.MonotonicMs();
  last_answered_ms_ = start_ms_;
  while (phase_ != Phase::kDone) {
    wake_.Lower();
    const int64_t now_ms = clock_.MonotonicMs();
    if (stop.stop_requested() || kill_asked_) BeginStop(now_ms);
    if (kill_asked_.exchange(false)) EndAll(now_ms);
    TakeAnswer(now_ms);
    MindTime(now_ms);
    StepAttempts(now_ms);
    MovePhase(now_ms);
    CallIfDue(now_ms);
    CleanUpFinished();
    if (phase_ != Phase::kDone) Wait(now_ms);
  }
  held_.clear();
  if (fatal_) return tl::unexpected(*fatal_);
  return {};
}

void AgentLoop::Kill() {
  kill_asked_ = true;
  wake_.Raise();
}

void AgentLoop::BeginStop(int64_t now_ms) {
  if (phase_ == Phase::kStopping) return;
  phase_ = Phase::kStopping;
  stop_end_ms_ = now_ms + around_.options.stop_ms;
  const StopGrace grace = GraceWithin(around_.options.stop_ms);
  for (auto& [token, attempt] : held_) {
    if (!attempt.Forgotten()) attempt.AskStop(now_ms, grace);
  }
}

void AgentLoop::MindTime(int64_t now_ms) {
  if (phase_ == Phase::kStopping || phase_ == Phase::kDone) return;
  if (now_ms >= LeaveMs()) {
    LogInfo("the time of this worker is over");
    return BeginStop(now_ms);
  }
  const int64_t silent_ms = now_ms - last_answered_ms_;
  const int64_t patience_ms = around_.options.give_up_ms;
  if (patience_ms == 0 || silent_ms <= patience_ms) return;
  fatal_ = Error{ErrorKind::kUnavailable,
                 Format("the coordinator at {} has not answered for {}; this worker gives up, and "
                        "what it could not tell stays in its work folder",
                        Join(access_.addresses, ", "), HumanDuration(silent_ms / 1000.0))};
  registered_ = false;  // Nobody is to be told.
  BeginStop(now_ms);
}

int64_t AgentLoop::LeaveMs() const {
  const int64_t limit_ms = around_.options.time_limit_ms;
  return limit_ms == 0 ? kForeverMs : start_ms_ + limit_ms - around_.options.stop_ms;
}

int64_t AgentLoop::EndsInMs() const {
  if (around_.options.time_limit_ms == 0) return 0;
  return std::max<int64_t>(LeaveMs() - clock_.MonotonicMs(), 1);
}

void AgentLoop::EndAll(int64_t now_ms) {
  for (auto& [token, attempt] : held_) {
    if (!attempt.Forgotten()) attempt.AskStop(now_ms, {.ask_ms = 0, .term_ms = 0});
    attempt.Kill(now_ms);
  }
}

void AgentLoop::Abandon(int64_t now_ms, Error error) {
  if (!fatal_) fatal_ = std::move(error);
  registered_ = false;  // Nobody is to be told.
  BeginStop(now_ms);
  EndAll(now_ms);
}

void AgentLoop::TakeAnswer(int64_t now_ms) {
  const auto answer = client_->Take();
  if (!answer) return;
  if (!*answer) return OnError(answer->error(), now_ms);
  last_answered_ms_ = sent_ms_;
  denied_since_ms_.reset();
  if (std::exchange(silence_told_, false)) LogInfo("the coordinator answers again");
  lost_lease_told_ = false;
  std::visit([&](const auto& typed) { On(typed, now_ms); }, **answer);
}

void AgentLoop::On(const Registered& registered, int64_t now_ms) {
  lease_ms_ = registered.lease_ms;
  registered_ = true;
  schedule_.OnAnswered(now_ms, 0, false);
  if (const Status noted = work_.ForgetDeadLives(); !noted) return Abandon(now_ms, noted.error());
  if (phase_ == Phase::kRegistering) phase_ = Phase::kServing;
}

void AgentLoop::On(const WorkerOrders& orders, int64_t now_ms) {
  schedule_.OnAnswered(now_ms, phase_ == Phase::kAdopting ? 0 : orders.next_call_ms, sent_hanging_);
  if (sent_adopted_) return adoption_.Answered();
  DropAnswered();
  if (sent_leaving_) {
    RemoveUndesired({}, now_ms);
    phase_ = Phase::kDone;
  } else if (phase_ == Phase::kServing) {
    FollowOrders(orders, now_ms);
    if (orders.leave && held_.empty()) {
      LogInfo("the coordinator lets this worker go");
      BeginStop(now_ms);
    }
  }
}

void AgentLoop::OnError(const Error& error, int64_t now_ms) {
  if (error.kind == ErrorKind::kInterrupted && phase_ == Phase::kStopping) return;
  schedule_.OnFailed(now_ms);
  if (error.kind == ErrorKind::kDenied || error.kind == ErrorKind::kUnavailable) {
    if (FollowMove()) return;
  }
  // That life is forgotten already, or what it has left cannot be understood.
  if (sent_adopted_ &&
      (error.kind == ErrorKind::kNotFound || error.kind == ErrorKind::kInvalidInput)) {
    LogWarning("what an earlier life of this worker has left is not wanted: {}", error.message);
    schedule_.OnAnswered(now_ms, 0, false);
    return adoption_.Refused();
  }
  if (IsRefusal(error, now_ms)) {
    return Abandon(now_ms, WithContext(error, "the coordinator refuses this worker"));
  }
  if (error.kind == ErrorKind::kNotFound && registered_) return BeginRenewal(now_ms);
  if (!std::exchange(silence_told_, true)) {
    LogWarning("the coordinator at {} does not answer ({}); attempts go on",
               Join(access_.addresses, ", "), error.message);
  }
  const bool lease_is_lost = lease_ms_ > 0 && now_ms - last_answered_ms_ > lease_ms_;
  if (lease_is_lost && !std::exchange(lost_lease_told_, true)) {
    LogWarning("no answer for {}: others may get the attempts of this worker",
               HumanDuration(static_cast<double>(lease_ms_) / 1000));
  }
}

bool AgentLoop::IsRefusal(const Error& error, int64_t now_ms) {
  if (error.kind != ErrorKind::kDenied) {
    denied_since_ms_.reset();
    return error.kind == ErrorKind::kInvalidInput;
  }
  if (!denied_since_ms_) denied_since_ms_ = now_ms;
  return around_.options.access_file.empty() || now_ms - *denied_since_ms_ > kDeniedPatienceMs;
}

void AgentLoop::BeginRenewal(int64_t now_ms) {
  registered_ = false;
  if (phase_ != Phase::kServing) return;
  LogWarning("the coordinator does not know this worker any more; it begins anew");
  phase_ = Phase::kRenewing;
  for (auto& [token, attempt] : held_) attempt.Forget(now_ms);
}

void AgentLoop::DropAnswered() {
  for (const auto& [token, number] : sent_numbers_) {
    const auto found = held_.find(token);
    if (found != held_.end()) found->second.Lines().Answered(number);
  }
}

void AgentLoop::FollowOrders(const WorkerOrders& orders, int64_t now_ms) {
  RemoveUndesired(orders, now_ms);
  for (const AttemptOrder& order : orders.attempts) {
    const auto found = held_.find(order.token);
    if (found != held_.end()) {
      if (order.stop) found->second.AskStop(now_ms, {});
    } else if (!order.known) {
      held_.try_emplace(order.token, order, work_.AttemptFolder(order.token), work_.Worker(),
                        around_);
    }
  }
}

void AgentLoop::RemoveUndesired(const WorkerOrders& orders, int64_t now_ms) {
  std::set<Token> desired;
  for (const AttemptOrder& order : orders.attempts) desired.insert(order.token);
  for (auto next = held_.begin(); next != held_.end();) {
    const auto found = next++;
    auto& [token, attempt] = *found;
    if (desired.contains(token) || attempt.Forgotten()) continue;
    if (attempt.Ended() && attempt.Lines().Empty()) {
      finished_.insert(held_.extract(found));
    } else {
      attempt.Forget(now_ms);
    }
  }
}

void AgentLoop::CleanUpFinished() {
  if (finished_.empty()) return;
  bool is_more_kept = false;
  for (auto& [token, attempt] : finished_) is_more_kept = attempt.CleanUp() || is_more_kept;
  finished_.clear();
  if (!is_more_kept) return;
  std::vector<Token> kept;
  for (const auto& [token, attempt] : held_) kept.push_back(token);
  work_.RemoveOldAttempts(kept);
}

void AgentLoop::StepAttempts(int64_t now_ms) {
  for (auto& [token, attempt] : held_) attempt.Step(now_ms);
  sampler_.Step(now_ms, held_);
  std::erase_if(held_,
                [](const auto& entry) { return entry.second.Forgotten() && entry.second.Ended(); });
  if (phase_ == Phase::kServing) BeginWaiting(now_ms);
}

void AgentLoop::BeginWaiting(int64_t now_ms) {
  SlotTable used;
  for (const auto& [token, attempt] : held_) {
    if (!attempt.Waiting() && !attempt.Ended()) used.Take(attempt.Slots(), attempt.Share());
  }
  for (auto& [token, attempt] : held_) {
    if (!attempt.Waiting()) continue;
    const bool fits = used.HasRoom(attempt.Slots(), attempt.Share());
    // Those behind it do not overtake it.
    used.Take(attempt.Slots(), attempt.Share());
    if (fits) attempt.Begin(now_ms);
  }
}

void AgentLoop::MovePhase(int64_t now_ms) {
  if (phase_ == Phase::kAdopting && !client_->Busy() && !adoption_.Next()) {
    work_.RemoveSpools();
    phase_ = Phase::kRegistering;
  }
  if (phase_ == Phase::kRenewing && held_.empty() && !client_->Busy()) {
    const Status renewed = work_.BeginNewLife();
    if (!renewed) return Abandon(now_ms, renewed.error());
    phase_ = Phase::kRegistering;
  }
  if (phase_ != Phase::kStopping) return;
  if (AllEnded() && !registered_) phase_ = Phase::kDone;
  if (phase_ == Phase::kDone || now_ms < stop_end_ms_) return;
  LogWarning("the coordinator could not be told in time that this worker leaves");
  phase_ = Phase::kDone;
}

bool AgentLoop::AllEnded() const {
  return std::ranges::all_of(held_, [](const auto& entry) { return entry.second.Ended(); });
}

void AgentLoop::CallIfDue(int64_t now_ms) {
  if (client_->Busy()) {
    if (phase_ == Phase::kStopping && !sent_leaving_) client_->Cancel();
    return;
  }
  const auto next_ms = NextCallMs();
  if (!next_ms || now_ms < *next_ms) return;
  sent_ms_ = now_ms;
  schedule_.OnSent(now_ms);
  sent_adopted_ = phase_ == Phase::kAdopting;
  if (phase_ == Phase::kAdopting) {
    sent_hanging_ = sent_leaving_ = false;
    client_->Synchronize(*adoption_.Next());
  } else if (phase_ == Phase::kRegistering) {
    SendRegister();
  } else {
    SendReport();
  }
}

std::optional<int64_t> AgentLoop::NextCallMs() const {
  switch (phase_) {
    case Phase::kAdopting:
    case Phase::kRegistering:
      return schedule_.NextCallMs({}, true);
    case Phase::kServing:
      return schedule_.NextCallMs(WhatIsNew(), held_.empty());
    case Phase::kStopping:
      if (!AllEnded() || !registered_) return std::nullopt;
      return schedule_.NextCallMs({.final = true}, false);
    case Phase::kRenewing:
    case Phase::kDone:
      break;
  }
  return std::nullopt;
}

News AgentLoop::WhatIsNew() const {
  News news;
  for (const auto& [token, attempt] : held_) {
    const Outbox& lines = attempt.Lines();
    news.final = news.final || lines.HasFinal();
    if (const auto line_ms = lines.OldestLineMs()) {
      news.oldest_line_ms = std::min(news.oldest_line_ms.value_or(kForeverMs), *line_ms);
    }
  }
  return news;
}

void AgentLoop::SendRegister() {
  sent_numbers_.clear();
  sent_hanging_ = false;
  sent_leaving_ = false;
  client_->Register({.worker = work_.Worker(),
                     .host = HostName(),
                     .cpu_slots = around_.host.cpu_slots,
                     .gpu_slots = around_.host.gpu_slots,
                     .dead_workers = work_.DeadLives(),
                     .memory_bytes = HostMemoryBytes(),
                     .device_bytes = sampler_.DeviceBytes(),
                     .ends_in_ms = EndsInMs(),
                     .version = kBuild});
}

void AgentLoop::SendReport() {
  WorkerReport report{.worker = work_.Worker(), .attempts = {}, .hold_ms = 0, .leaving = false};
  int64_t bytes = kReportBytesMax;
  bool complete = true;
  sent_numbers_.clear();
  for (const auto& [token, attempt] : held_) {
    ObservedAttempt observed{
        .token = token, .lines = attempt.Lines().Oldest(bytes), .use = attempt.Use()};
    if (!observed.lines.empty()) sent_numbers_[token] = observed.lines.back().number;
    complete = complete && observed.lines.size() == attempt.Lines().Size();
    report.attempts.push_back(std::move(observed));
  }
  sent_hanging_ = phase_ == Phase::kServing && held_.empty();
  sent_leaving_ = phase_ == Phase::kStopping && complete;
  report.hold_ms = sent_hanging_ ? kHoldMsMax : 0;
  report.leaving = sent_leaving_;
  client_->Synchronize(report);
}

void AgentLoop::Wait(int64_t now_ms) {
  std::vector<pollfd> descriptors = {{wake_.Fd(), POLLIN, 0}};
  int64_t until_ms = phase_ == Phase::kStopping ? stop_end_ms_ : LeaveMs();
  for (auto& [token, attempt] : held_) {
    attempt.AddDescriptors(descriptors);
    if (const auto deadline_ms = attempt.DeadlineMs()) until_ms = std::min(until_ms, *deadline_ms);
    until_ms = std::min(until_ms, sampler_.DueMs(attempt));
  }
  const auto next_ms = client_->Busy() ? std::nullopt : NextCallMs();
  if (next_ms) until_ms = std::min(until_ms, *next_ms);
  constexpr int64_t kLongestWaitMs = 60'000;
  const int64_t wait_ms = std::clamp<int64_t>(until_ms - now_ms, 0, kLongestWaitMs);
  poll(descriptors.data(), descriptors.size(), static_cast<int>(wait_ms));
}

}  // namespace archsweep
