#include "storage/event.h"

#include "base/json.h"

namespace archsweep {
namespace {

struct Kind {
  std::string_view operator()(const WorkerJoined&) const { return "worker_joined"; }
  std::string_view operator()(const WorkerLeft&) const { return "worker_left"; }
  std::string_view operator()(const WorkerDrained&) const { return "worker_drained"; }
  std::string_view operator()(const HostQuarantined&) const { return "host_quarantined"; }
  std::string_view operator()(const HostReleased&) const { return "host_released"; }
  std::string_view operator()(const SweepRecorded&) const { return "sweep_recorded"; }
  std::string_view operator()(const SweepStateChanged&) const { return "sweep_state_changed"; }
  std::string_view operator()(const AttemptAssigned&) const { return "attempt_assigned"; }
  std::string_view operator()(const AttemptStarted&) const { return "attempt_started"; }
  std::string_view operator()(const EpochRecorded&) const { return "epoch_recorded"; }
  std::string_view operator()(const CheckpointRecorded&) const { return "checkpoint_recorded"; }
  std::string_view operator()(const UseMeasured&) const { return "use_measured"; }
  std::string_view operator()(const TrainingSucceeded&) const { return "training_succeeded"; }
  std::string_view operator()(const EvaluationSucceeded&) const { return "evaluation_succeeded"; }
  std::string_view operator()(const AttemptFailed&) const { return "attempt_failed"; }
  std::string_view operator()(const ReportRefused&) const { return "report_refused"; }
  std::string_view operator()(const TaskCancelled&) const { return "task_cancelled"; }
  std::string_view operator()(const TaskRequeued&) const { return "task_requeued"; }
};

std::string_view NameOf(AfterFailure next) {
  switch (next) {
    case AfterFailure::kQueued:
      return "queued";
    case AfterFailure::kBackoff:
      return "backoff";
    case AfterFailure::kFailed:
      return "failed";
    case AfterFailure::kCancelled:
      return "cancelled";
  }
  return "";
}

// nlohmann writes numbers that are infinite or not a number as null.
struct Data {
  Json operator()(const WorkerJoined& fact) const {
    return {{"worker", ToHex(fact.worker)},
            {"host", fact.host},
            {"slots", fact.slots},
            {"version", fact.version}};
  }
  Json operator()(const WorkerLeft& fact) const {
    return {{"worker", ToHex(fact.worker)}, {"reason", fact.reason}};
  }
  Json operator()(const WorkerDrained& fact) const { return {{"worker", ToHex(fact.worker)}}; }
  Json operator()(const HostQuarantined& fact) const {
    return {{"host", fact.host}, {"duration_ms", fact.duration_ms}, {"evidence", fact.evidence}};
  }
  Json operator()(const HostReleased& fact) const {
    return {{"host", fact.host}, {"reason", fact.reason}};
  }
  Json operator()(const SweepRecorded& fact) const { return {{"sweep", fact.sweep->name}}; }
  Json operator()(const SweepStateChanged& fact) const {
    return {
        {"sweep", fact.name}, {"state", archsweep::NameOf(fact.state)}, {"reason", fact.reason}};
  }
  // What these tell lies in rows of attempt, training and result that are written once.
  Json operator()(const AttemptAssigned&) const { return Json::object(); }
  Json operator()(const AttemptStarted&) const { return Json::object(); }
  Json operator()(const EpochRecorded& fact) const { return {{"epoch", fact.line.epoch}}; }
  Json operator()(const CheckpointRecorded& fact) const { return {{"step", fact.line.step}}; }
  Json operator()(const UseMeasured&) const { return Json::object(); }
  Json operator()(const TrainingSucceeded&) const { return Json::object(); }
  Json operator()(const EvaluationSucceeded&) const { return Json::object(); }
  Json operator()(const AttemptFailed& fact) const {
    return {{"class", archsweep::NameOf(fact.failure.kind)},
            {"message", fact.failure.message},
            {"next", NameOf(fact.next)},
            {"charged", fact.charged},
            {"uncharged", fact.uncharged}};
  }
  Json operator()(const ReportRefused& fact) const { return {{"what", fact.what}}; }
  Json operator()(const TaskCancelled&) const { return Json::object(); }
  Json operator()(const TaskRequeued&) const { return Json::object(); }
};

}  // namespace

std::string_view EventKind(const Change& change) { return std::visit(Kind(), change); }

std::string EventData(const Change& change) {
  // A message of an operating system may hold bytes that are not UTF-8.
  return std::visit(Data(), change).dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace archsweep
