#include "worker/trainer/autoattack_task.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/check.h"
#include "base/clock.h"
#include "base/text.h"
#include "worker/trainer/attacks/autoattack.h"
#include "worker/trainer/attacks/sanity_checks.h"
#include "worker/trainer/checkpoint.h"
#include "worker/trainer/runtime.h"
#include "worker/trainer/task_error.h"
#include "worker/trainer/verdict_files.h"

namespace archsweep {
namespace {

// The step of a checkpoint within a chain grows with the stage and the batches of it that are done.
constexpr int64_t kStageSteps = 1'000'000'000;

std::vector<AttackPart> PartsOf(AttackKind kind) {
  switch (kind) {
    case AttackKind::kApgdCe:
      return {AttackPart::kApgdCe};
    case AttackKind::kApgdDlr:
      return {AttackPart::kApgdDlr};
    case AttackKind::kApgdT:
      return {AttackPart::kApgdT};
    case AttackKind::kFabT:
      return {AttackPart::kFabT};
    case AttackKind::kSquare:
      return {AttackPart::kSquare};
    case AttackKind::kAutoAttack:
      return {AttackPart::kApgdCe, AttackPart::kApgdT, AttackPart::kFabT, AttackPart::kSquare};
    case AttackKind::kApgdPair:
      return {AttackPart::kApgdCe, AttackPart::kApgdT};
    case AttackKind::kClean:
    case AttackKind::kFgsm:
    case AttackKind::kPgd20:
    case AttackKind::kCw40:
      return {};
  }
  return {};
}

AutoAttackSettings ChainOf(const EvaluationSpec& spec) {
  const AttackSettings& settings = spec.settings;
  AutoAttackSettings chain = {.parts = PartsOf(spec.attack),
                              .epsilon = settings.epsilon_255 / 255,
                              .restarts = settings.restarts,
                              .seed = settings.seed,
                              .saves_passes = settings.savings == Savings::kExact};
  // A setting that the attack does not have is 0.
  if (settings.steps > 0) chain.steps = settings.steps;
  if (settings.targets > 0) chain.targets = settings.targets;
  if (settings.queries > 0) chain.queries = settings.queries;
  if (settings.batch > 0) chain.batch = settings.batch;
  return chain;
}

void CheckSettings(const AutoAttackSettings& chain, int classes) {
  const std::vector<std::string> problems = Problems(chain, classes);
  if (!problems.empty()) FailTask(FailureClass::kConfiguration, Join(problems, "; "));
}

AutoAttackState FirstState(const Job& job, const AutoAttackSettings& chain, int64_t images) {
  if (!job.resume) return NewAutoAttack(images);
  const Checkpoint checkpoint = OrFail(ReadCheckpoint(*job.resume));
  return OrFail(ParseAutoAttackState(checkpoint.state, chain, images));
}

class ChainRun {
 public:
  ChainRun(const Job& job, const Executor& network, const at::Tensor& images,
           const at::Tensor& labels, int classes, const Control& control, ProgressSink& progress,
           Collective& collective)
      : job_(job),
        control_(control),
        progress_(progress),
        collective_(collective),
        classes_(classes),
        settings_(ChainOf(*job.evaluation)),
        chain_(network, images, labels, classes, settings_,
               AttackShare{.rank = collective.Rank(), .ranks = collective.Size()},
               FirstState(job, settings_, images.size(0))) {}

  EvaluatedLine Run();

 private:
  void RunRound();
  void Report();
  void Keep();
  EvaluatedLine Line() const;
  double Seconds() const { return static_cast<double>(clock_.MonotonicMs() - started_ms_) / 1000; }

  const Job& job_;
  const Control& control_;
  ProgressSink& progress_;
  Collective& collective_;
  const int classes_;
  const AutoAttackSettings settings_;
  AutoAttack chain_;
  const SystemClock clock_;
  const int64_t started_ms_ = clock_.MonotonicMs();
  int64_t kept_ms_ = started_ms_;
  const int64_t passes_before_ = chain_.Progress().done;
};

EvaluatedLine ChainRun::Run() {
  progress_.Write(DescribeRuntime(job_, 0));
  while (!chain_.Finished()) {
    RunRound();
    if (clock_.MonotonicMs() - kept_ms_ >= job_.checkpoint_interval_ms) Keep();
  }
  EvaluatedLine line = Line();
  if (collective_.Rank() > 0) return line;
  const AutoAttackState& state = chain_.State();
  const at::Tensor broken_by = at::tensor(at::ArrayRef<int64_t>(state.broken_by));
  WriteVerdicts(job_.attempt_folder,
                {.right = broken_by.eq(AutoAttackState::kStanding),
                 .margins = at::tensor(at::ArrayRef<double>(state.margins)),
                 .broken_by = broken_by.clamp_min(0)},
                line);
  return line;
}

void ChainRun::RunRound() {
  while (!chain_.RoundIsDone()) {
    if (collective_.Rank() == 0 && control_.StopRequested()) {
      Keep();
      const AttackProgress passes = chain_.Progress();
      FailTask(FailureClass::kStopped,
               Format("stopped after {} of at most {} image passes", passes.done, passes.bound));
    }
    chain_.Advance();
    Report();
  }
  const at::Tensor sum = chain_.RoundShare().clone();
  collective_.SumInPlace(sum)->Wait();
  chain_.FinishRound(sum);
}

void ChainRun::Report() {
  if (!progress_.StepLineIsDue(clock_.MonotonicMs())) return;
  const AttackProgress passes = chain_.Progress();
  const double seconds = Seconds();
  const auto done = static_cast<double>(passes.done - passes_before_);
  progress_.Write(StepLine{.step = passes.done,
                           .steps = std::max(passes.done, passes.bound),
                           .loss = 0,
                           .images_per_second = seconds > 0 ? done / seconds : 0});
}

// The state is small, and so is written in place.
void ChainRun::Keep() {
  kept_ms_ = clock_.MonotonicMs();
  if (job_.checkpoint_folder.empty() || collective_.Rank() > 0) return;
  AutoAttackState state = chain_.State();
  state.seconds += Seconds();
  const auto written = WriteCheckpoint(job_.checkpoint_folder,
                                       {.trial = IdOf(job_.trial),
                                        .step = state.stage * kStageSteps + state.batches_done,
                                        .model = {},
                                        .state = ToTensors(state)});
  if (!written) FailTask(FailureClass::kStorage, written.error().message);
  const Status pruned = KeepNewestCheckpoints(job_.checkpoint_folder, job_.checkpoints_kept);
  if (!pruned) FailTask(FailureClass::kStorage, pruned.error().message);
  progress_.Write(CheckpointLine{
      .step = written->step, .folder = written->folder.string(), .model_sha256 = ""});
}

EvaluatedLine ChainRun::Line() const {
  const AutoAttackState& state = chain_.State();
  PassLedger passes;
  for (const StageReport& stage : state.stages) passes += stage.passes;
  EvaluatedLine line = {
      // Of the attacked images only the verdicts are kept.
      .loss = std::numeric_limits<double>::quiet_NaN(),
      .seconds = state.seconds + Seconds(),
      .flags_file = "",
      .warnings = SanityWarnings(settings_, classes_, state),
      .forward_images = passes.done.forward_only,
      .backward_images = passes.done.with_gradient,
      .saved_images = passes.reference.forward_only + passes.reference.with_gradient -
                      passes.done.forward_only - passes.done.with_gradient};
  if (!state.doubtful.empty()) {
    std::vector<std::string> images;
    for (const int64_t image : state.doubtful) images.push_back(Format("{}", image));
    line.warnings.push_back(Format("{} images are so near the boundary that rounding decides: {}",
                                   images.size(), Join(images, ", ")));
  }
  return line;
}

}  // namespace

bool IsAutoAttack(AttackKind kind) { return !PartsOf(kind).empty(); }

EvaluatedLine EvaluateByAutoAttack(const Job& job, const Executor& network,
                                   const at::Tensor& images, const at::Tensor& labels, int classes,
                                   const Control& control, ProgressSink& progress,
                                   Collective& collective) {
  CheckSettings(ChainOf(*job.evaluation), classes);
  return ChainRun(job, network, images, labels, classes, control, progress, collective).Run();
}

}  // namespace archsweep
