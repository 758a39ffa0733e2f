#include "worker/agent/attempt_process.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "sweep/attempt/rank_failure.h"
#include "worker/agent/process_table.h"
#include "worker/agent/process_use.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

constexpr size_t kReadBytes = size_t{64} << 10;
constexpr int kReadsPerStepMax = 16;  // So that one trainer cannot keep the agent from the others.
constexpr int64_t kLogCheckMs = 5'000;
constexpr std::string_view kStopCommand = "stop\n";

// How the process ended, without taking it from the process table.
std::optional<ProcessEnd> EndOf(const UniqueFd& process) {
  siginfo_t info{};
  const auto id = static_cast<id_t>(process.Get());
  if (waitid(P_PIDFD, id, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) {
    return std::nullopt;
  }
  return ProcessEnd{.signaled = info.si_code != CLD_EXITED, .code = info.si_status};
}

Failure CannotStart(const Error& error) {
  const bool program_is_wrong =
      error.kind == ErrorKind::kNotFound || error.kind == ErrorKind::kDenied;
  if (!program_is_wrong) return {FailureClass::kStorage, error.message};
  return {FailureClass::kConfiguration,
          error.message + "; build archsweep-trainer, or say where it is"};
}

}  // namespace

tl::expected<AttemptProcess, Failure> AttemptProcess::Start(Result<PreparedAttempt> attempt,
                                                            const LaunchPlan& plan,
                                                            int64_t now_ms) {
  if (!attempt) {
    return tl::unexpected(Failure{FailureClass::kStorage, std::move(attempt).error().message});
  }
  auto process = Spawn(plan, attempt->files.Log());
  if (!process) return tl::unexpected(CannotStart(process.error()));
  return AttemptProcess(std::move(attempt->files), attempt->job.ranks, std::move(attempt->pipes),
                        *std::move(process), now_ms);
}

AttemptProcess::AttemptProcess(AttemptFolder folder, int ranks, AttemptPipes pipes,
                               SpawnedProcess process, int64_t now_ms)
    : folder_(std::move(folder)),
      ranks_(ranks),
      pipes_(std::move(pipes)),
      process_(std::move(process)),
      watch_(now_ms),
      meter_(process_.pid, now_ms),
      next_log_check_ms_(now_ms + kLogCheckMs) {}

std::vector<ReportedLine> AttemptProcess::Step(int64_t now_ms) {
  std::vector<ReportedLine> lines;
  if (ended_) return lines;
  NoticeEnd(now_ms);
  ReadProgress(now_ms, lines);
  DoWhatIsDue(now_ms);
  const bool gone = gave_up_ || (leader_end_ && NoStragglers());
  if (!gone) return lines;
  // Whatever was written is in the pipe now, and the pipe holds less than one Step reads.
  ReadProgress(now_ms, lines);
  Take(reader_.Finish(), now_ms, lines);
  meter_.OnReaped(Reap(process_.pid));
  meter_.OnEnd(now_ms);
  lines.push_back(FinalLine());
  ended_ = true;
  pipes_ = {};
  process_.fd.Close();
  return lines;
}

void AttemptProcess::ReadProgress(int64_t now_ms, std::vector<ReportedLine>& lines) {
  std::array<char, kReadBytes> bytes;
  for (int i = 0; i < kReadsPerStepMax; ++i) {
    const ssize_t count = read(pipes_.progress.Get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    Take(reader_.Read({bytes.data(), static_cast<size_t>(count)}), now_ms, lines);
  }
}

void AttemptProcess::Take(ProgressReader::Output output, int64_t now_ms,
                          std::vector<ReportedLine>& lines) {
  for (ProgressLine& line : output.lines) {
    if (final_line_) {
      folder_.NoteInLog("dropped a progress line after the final one");
      break;
    }
    watch_.OnLine(now_ms, IsFinal(line));
    if (IsFinal(line)) {
      final_line_ = std::move(line);
    } else {
      lines.push_back({std::move(line), ""});
    }
  }
  for (const std::string& dropped : output.dropped) {
    folder_.NoteInLog("dropped a progress line: " + dropped);
  }
  if (reader_.BadLines() > kBadLinesMax && ended_by_ == EndedBy::kItself) {
    ended_by_ = EndedBy::kBadLines;
    Kill(now_ms);
  }
}

void AttemptProcess::DoWhatIsDue(int64_t now_ms) {
  switch (watch_.Due(now_ms)) {
    case WatchAction::kNone:
      break;
    case WatchAction::kAsk: {
      // A full pipe holds the command already.
      [[maybe_unused]] const ssize_t written =
          write(pipes_.control.Get(), kStopCommand.data(), kStopCommand.size());
      break;
    }
    case WatchAction::kTerm:
      Terminate();
      break;
    case WatchAction::kStall:
      if (ended_by_ == EndedBy::kItself) ended_by_ = EndedBy::kStall;
      Kill(now_ms);
      break;
    case WatchAction::kKill:
      Kill(now_ms);
      break;
    case WatchAction::kGiveUp:
      LogError("process session {} does not end after SIGKILL; it is left behind", process_.pid);
      gave_up_ = true;
      break;
  }
  if (now_ms >= next_log_check_ms_) {
    folder_.BoundLog();
    next_log_check_ms_ = now_ms + kLogCheckMs;
  }
}

void AttemptProcess::AskStop(int64_t now_ms, StopGrace grace) {
  if (ended_by_ == EndedBy::kItself && !leader_end_) ended_by_ = EndedBy::kStop;
  watch_.AskStop(now_ms, grace);
}

void AttemptProcess::Kill(int64_t now_ms) {
  watch_.OnKilled(now_ms);
  SendSignal(process_.fd, SIGKILL);
  NoStragglers();
}

void AttemptProcess::NoticeEnd(int64_t now_ms) {
  if (leader_end_) return;
  leader_end_ = EndOf(process_.fd);
  // What is left of its session is killed now.
  if (leader_end_) watch_.OnKilled(now_ms);
}

// mpirun would end its ranks at once, so that they alone get the signal.
void AttemptProcess::Terminate() const {
  if (ranks_ == 1) {
    SendSignal(process_.fd, SIGTERM);
    return;
  }
  for (const pid_t process : SessionMembers(process_.pid)) {
    const UniqueFd fd = OpenProcess(process);
    if (fd.Valid() && getsid(process) == process_.pid) SendSignal(fd, SIGTERM);
  }
}

// Kills what is left of the session beside its leader, and takes ended orphans of it from the
// process table; true if nothing is left. The whole table is looked through only when one that was
// killed has ended.
bool AttemptProcess::NoStragglers() {
  std::vector<pollfd> waiting;
  for (const UniqueFd& fd : stragglers_) waiting.push_back({fd.Get(), POLLIN, 0});
  if (!waiting.empty() && poll(waiting.data(), waiting.size(), 0) <= 0) return false;
  stragglers_.clear();
  for (const pid_t process : SessionMembers(process_.pid)) {
    UniqueFd fd = OpenProcess(process);
    if (!fd.Valid() || getsid(process) != process_.pid) continue;
    if (HasEnded(process)) {
      meter_.OnReaped(Reap(process));
    } else if (SendSignal(fd, SIGKILL)) {
      stragglers_.push_back(std::move(fd));
    }
  }
  return stragglers_.empty();
}

ReportedLine AttemptProcess::FinalLine() const {
  const bool succeeded = final_line_ && !std::holds_alternative<FailedLine>(*final_line_);
  if (!succeeded || ended_by_ == EndedBy::kBadLines) return {FailedLine{WhyNotDone()}, ""};
  const auto* evaluated = std::get_if<EvaluatedLine>(&*final_line_);
  if (!evaluated) return {*final_line_, ""};
  auto flags = folder_.ReadFlags(*evaluated);
  if (flags) return {*final_line_, *std::move(flags)};
  return {FailedLine{{FailureClass::kTask, flags.error().message}}, ""};
}

// Of several ranks what failed first counts; the others tell of its consequences.
Failure AttemptProcess::WhyNotDone() const {
  if (ranks_ > 1) {
    if (auto first = FirstRankFailure(folder_.Path(), ranks_)) {
      return {first->failure.kind, Format("rank {}: {}", first->rank, first->failure.message)};
    }
  }
  if (const auto* failed = final_line_ ? std::get_if<FailedLine>(&*final_line_) : nullptr) {
    return failed->failure;
  }
  if (!leader_end_) {
    return {FailureClass::kTask, "the trainer does not end after SIGKILL; see its host"};
  }
  const ProcessEnd end = ranks_ > 1 ? EndOfFirstRank(*leader_end_) : *leader_end_;
  return VerdictOf(end, ended_by_, folder_.LastOutput(), folder_.Log().string());
}

void AttemptProcess::AddDescriptors(std::vector<pollfd>& descriptors) const {
  if (ended_) return;
  descriptors.push_back({pipes_.progress.Get(), POLLIN, 0});
  if (!leader_end_) descriptors.push_back({process_.fd.Get(), POLLIN, 0});
  for (const UniqueFd& straggler : stragglers_) descriptors.push_back({straggler.Get(), POLLIN, 0});
}

int64_t AttemptProcess::DeadlineMs() const {
  return std::min(watch_.DeadlineMs(), next_log_check_ms_);
}

}  // namespace archsweep
