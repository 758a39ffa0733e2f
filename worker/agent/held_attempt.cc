#include "worker/agent/held_attempt.h"

#include <system_error>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "sweep/attempt/layout.h"
#include "worker/agent/artifact.h"
#include "worker/agent/checkpoints.h"
#include "worker/agent/folders.h"

namespace archsweep {
namespace {

// Coordinator and store name checkpoints below the shared folder, wherever a host has mounted it.
void NameBelow(const std::filesystem::path& shared_folder, ProgressLine& line) {
  const auto rename = [&](std::string& folder) {
    if (!folder.empty()) {
      folder = std::filesystem::path(folder).lexically_relative(shared_folder).string();
    }
  };
  if (auto* checkpoint = std::get_if<CheckpointLine>(&line)) rename(checkpoint->folder);
  if (auto* trained = std::get_if<TrainedLine>(&line)) {
    rename(trained->folder);
    if (trained->best) rename(trained->best->folder);
  }
}

const Failure kStoppedBeforeStart = {FailureClass::kStopped, "stopped before it started"};

}  // namespace

void HeldAttempt::Begin(int64_t now_ms) {
  if (order_.stop) return End(now_ms, kStoppedBeforeStart);
  auto placement = PlaceOn(order_.slots, around_.host);
  if (!placement) return End(now_ms, {FailureClass::kConfiguration, placement.error().message});
  placement_ = *std::move(placement);
  const auto checkpoints = Checkpoints();
  if (!HasCheckpointsBelow(checkpoints, order_.token)) return Launch(now_ms, std::nullopt);
  const TaskKind kind = order_.evaluation ? TaskKind::kEvaluate : TaskKind::kTrain;
  search_ = std::make_unique<CheckpointSearch>(checkpoints, kind, order_.token, *around_.wake);
  state_ = State::kSearching;
}

void HeldAttempt::Step(int64_t now_ms) {
  if (state_ == State::kSearching && search_->Done()) {
    const std::optional<CheckpointRef> found = search_->Found();
    search_.reset();
    Launch(now_ms, found);
  }
  if (state_ != State::kRunning) return;
  for (ReportedLine& reported : process_->Step(now_ms)) {
    if (forgotten_) continue;
    KeepArtifact(reported);
    if (IsFinal(reported.line)) final_line_ = reported.line;
    NameBelow(around_.options.shared_folder, reported.line);
    Keep(now_ms, std::move(reported.line), std::move(reported.flags));
  }
  if (!process_->Ended()) return;
  use_ = process_->Meter().Use();
  process_.reset();
  state_ = State::kEnded;
}

std::filesystem::path HeldAttempt::Checkpoints() const {
  return around_.options.shared_folder / (order_.evaluation
                                              ? CheckpointsOf(IdOf(*order_.evaluation))
                                              : CheckpointsOf(IdOf(order_.trial)));
}

void HeldAttempt::KeepArtifact(ReportedLine& reported) const {
  auto* const evaluated = std::get_if<EvaluatedLine>(&reported.line);
  if (evaluated == nullptr || !evaluated->artifact || !order_.evaluation) return;
  auto published = PublishArtifact(around_.options.shared_folder, IdOf(*order_.evaluation),
                                   order_.token, folder_, *evaluated->artifact);
  if (published) {
    evaluated->artifact = *std::move(published);
  } else {
    reported = {FailedLine{std::move(published).error()}, ""};
  }
}

void HeldAttempt::Launch(int64_t now_ms, std::optional<CheckpointRef> resume) {
  auto process = AttemptProcess::Start(
      AttemptFolder::Prepare(folder_, SharedLog(), *around_.spares, MakeJob(std::move(resume))),
      PlanLaunch(around_.options.trainer_program, around_.host.mpirun, folder_, placement_,
                 around_.environment),
      now_ms);
  if (!process) return End(now_ms, std::move(process).error());
  process_ = *std::move(process);
  state_ = State::kRunning;
}

Job HeldAttempt::MakeJob(std::optional<CheckpointRef> resume) const {
  Job job;
  job.token = order_.token;
  job.trial = order_.trial;
  job.evaluation = order_.evaluation;
  job.weights = order_.weights;
  if (job.weights) job.weights->folder = around_.options.shared_folder / job.weights->folder;
  job.resume = std::move(resume);
  job.data_root = around_.options.data_root;
  job.checkpoint_folder = Checkpoints() / Format("{}", order_.token.value);
  job.ranks = placement_.ranks;
  job.device = placement_.device;
  job.threads = placement_.threads;
  job.cpus = placement_.cpus;
  job.checkpoint_interval_ms = around_.options.checkpoint_interval_ms;
  return job;
}

void HeldAttempt::End(int64_t now_ms, Failure failure) {
  if (failure.kind != FailureClass::kStopped) {
    LogWarning("attempt {} could not be started: {}", order_.token.value, failure.message);
  }
  final_line_ = FailedLine{std::move(failure)};
  if (!forgotten_) Keep(now_ms, *final_line_, "");
  state_ = State::kEnded;
}

void HeldAttempt::Keep(int64_t now_ms, ProgressLine line, std::string flags) {
  const int64_t number = outbox_.Append(now_ms, line, flags);
  spool_.Append({.number = number, .line = std::move(line), .flags = std::move(flags)}, Use());
}

void HeldAttempt::AskStop(int64_t now_ms, StopGrace grace) {
  order_.stop = true;
  if (state_ == State::kRunning) return process_->AskStop(now_ms, grace);
  if (state_ == State::kEnded) return;
  search_.reset();
  End(now_ms, kStoppedBeforeStart);
}

void HeldAttempt::Kill(int64_t now_ms) {
  if (state_ == State::kRunning) return process_->Kill(now_ms);
  if (state_ == State::kEnded) return;
  search_.reset();
  End(now_ms, kStoppedBeforeStart);
}

void HeldAttempt::Forget(int64_t now_ms) {
  forgotten_ = true;
  outbox_ = {};
  spool_.Clear();
  Kill(now_ms);
}

std::filesystem::path HeldAttempt::SharedLog() const {
  return around_.options.shared_folder / LogOf(order_.token);
}

bool HeldAttempt::CleanUp() {
  spool_.Clear();
  std::error_code error;
  if (std::filesystem::file_size(SharedLog(), error) == 0 && !error) {
    around_.spares->logs.Keep(SharedLog());
  }
  const AttemptFolder files(folder_, SharedLog());
  if (!final_line_ || std::holds_alternative<FailedLine>(*final_line_)) {
    files.RemoveSessions();
    return true;
  }
  files.HandOn(around_.spares->folders);
  if (const auto* trained = std::get_if<TrainedLine>(&*final_line_)) {
    PruneAfterTraining(Checkpoints(), order_.token, *trained);
  } else if (order_.evaluation) {
    PruneAfterEvaluation(Checkpoints(), order_.token);
    PruneArtifacts(around_.options.shared_folder, IdOf(*order_.evaluation), order_.token);
  }
  return false;
}

void HeldAttempt::AddDescriptors(std::vector<pollfd>& descriptors) const {
  if (process_) process_->AddDescriptors(descriptors);
}

std::optional<int64_t> HeldAttempt::DeadlineMs() const {
  if (!process_) return std::nullopt;
  return process_->DeadlineMs();
}

}  // namespace archsweep
