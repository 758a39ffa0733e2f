#include "coordinator/steering.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/text.h"
#include "base/utf8.h"
#include "sweep/language/expansion.h"

namespace archsweep {
namespace {

constexpr size_t kNameBytesMax = 1'000;
constexpr size_t kSweepBytesMax = size_t{4} << 20;
constexpr size_t kIdsMax = 1'000;

Status CheckText(std::string_view field, const std::string& text, bool may_be_empty = false) {
  if (text.size() <= kNameBytesMax && IsUtf8(text) && (may_be_empty || !text.empty())) return {};
  return Fail(ErrorKind::kInvalidInput, Format("{}: must be a text of {} to {} bytes", field,
                                               may_be_empty ? 0 : 1, kNameBytesMax));
}

template <class Id>
void FillDifference(const std::vector<Id>& added, const std::vector<Id>& withdrawn,
                    const std::vector<Id>& kept, control::v1::Difference& wire) {
  wire.set_added(static_cast<int64_t>(added.size()));
  wire.set_withdrawn(static_cast<int64_t>(withdrawn.size()));
  wire.set_kept(static_cast<int64_t>(kept.size()));
  for (size_t i = 0; i < std::min(added.size(), kIdsMax); ++i) wire.add_added_ids(ToHex(added[i]));
  for (size_t i = 0; i < std::min(withdrawn.size(), kIdsMax); ++i) {
    wire.add_withdrawn_ids(ToHex(withdrawn[i]));
  }
}

}  // namespace

Result<ControlRequest> FromWire(const control::v1::PauseRequest& request) {
  TRY(CheckText("sweep", request.sweep()));
  TRY(CheckText("reason", request.reason(), true));
  return SweepPaused{request.sweep(), request.reason()};
}

Result<ControlRequest> FromWire(const control::v1::ResumeRequest& request) {
  TRY(CheckText("sweep", request.sweep()));
  return SweepResumed{request.sweep()};
}

Result<ControlRequest> FromWire(const control::v1::CancelRequest& request) {
  TRY(CheckText("sweep", request.sweep()));
  return SweepCancelled{request.sweep(), request.now()};
}

Result<ControlRequest> FromWire(const control::v1::RetryRequest& request) {
  TRY(CheckText("sweep", request.sweep()));
  TasksRetried retried{.name = request.sweep()};
  if (!request.failure().empty()) {
    TRY_ASSIGN(retried.failure, ParseFailureClass(request.failure()));
  }
  return retried;
}

Result<ControlRequest> FromWire(const control::v1::DrainRequest& request) {
  TRY_ASSIGN(const WorkerId worker, ParseId<WorkerId>(request.worker()));
  return WorkerDrainAsked{worker};
}

Result<ControlRequest> FromWire(const control::v1::ReleaseRequest& request) {
  TRY(CheckText("host", request.host()));
  return HostReleaseAsked{request.host()};
}

Result<TrialId> FromWire(const control::v1::WhyRequest& request) {
  return ParseId<TrialId>(request.trial());
}

Result<std::shared_ptr<const ExpandedSweep>> FromWire(const control::v1::SubmitRequest& request) {
  TRY(CheckText("file", request.file(), true));
  if (request.text().size() > kSweepBytesMax) {
    return Fail(ErrorKind::kInvalidInput, Format("text: has {} bytes; it may have {}",
                                                 request.text().size(), kSweepBytesMax));
  }
  TRY_ASSIGN(ExpandedSweep sweep, ExpandSweep(request.file(), request.text()));
  return std::make_shared<const ExpandedSweep>(std::move(sweep));
}

void Fill(const ControlAnswer& answer, control::v1::SteerResponse& response) {
  response.set_changes(answer.changes);
}

void Fill(const WhyAnswer& answer, control::v1::WhyResponse& response) {
  for (const auto& [task, explanation] : answer.tasks) {
    auto* const wire = response.add_tasks();
    wire->set_kind(std::string(NameOf(task.kind)));
    if (task.kind == TaskKind::kEvaluate) wire->set_evaluation(ToHex(task.Evaluation()));
    wire->set_state(explanation.status);
    wire->set_attempts(explanation.attempts);
    wire->set_charged(explanation.charged);
    wire->set_uncharged(explanation.uncharged);
    for (const Reason& reason : explanation.reasons) {
      auto* const said = wire->add_reasons();
      said->set_kind(NameOf(reason.kind));
      said->set_text(reason.text);
    }
  }
}

void Fill(const SubmitAnswer& answer, control::v1::SubmitResponse& response) {
  response.set_state(std::string(NameOf(answer.state)));
  const SweepDifference& difference = answer.difference;
  FillDifference(difference.added.trials, difference.withdrawn.trials, difference.kept.trials,
                 *response.mutable_trials());
  FillDifference(difference.added.evaluations, difference.withdrawn.evaluations,
                 difference.kept.evaluations, *response.mutable_evaluations());
}

}  // namespace archsweep
