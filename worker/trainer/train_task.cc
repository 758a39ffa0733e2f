#include "worker/trainer/train_task.h"

#include <c10/core/GradMode.h>

#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "sweep/trial/schedule.h"
#include "worker/trainer/attack.h"
#include "worker/trainer/batch_source.h"
#include "worker/trainer/checkpoint.h"
#include "worker/trainer/checkpoint_writer.h"
#include "worker/trainer/executor.h"
#include "worker/trainer/gradient_sum.h"
#include "worker/trainer/runtime.h"
#include "worker/trainer/selection.h"
#include "worker/trainer/share_state.h"
#include "worker/trainer/step_taker.h"
#include "worker/trainer/task_error.h"
#include "worker/trainer/training_state.h"

namespace archsweep {
namespace {

// A training has learned something above so many times chance, and is at chance below so many.
constexpr double kLearnedFactor = 2;
constexpr double kChanceFactor = 1.05;
constexpr int kCollapseEpochs = 3;

DeviceImages ImagesOfSelection(const TrainingSpec& spec, const Dataset& data,
                               const BatchSource& batches, at::Device device) {
  switch (spec.selection) {
    case Selection::kNone:
      return {};
    case Selection::kTest:
      return Upload(data.test, data.format, device);
    case Selection::kHeldout:
      return batches.HeldOut();
  }
  return {};
}

// Ranks look after one another in the middle of a step, which a recording could not.
std::unique_ptr<StepRecorder> RecorderFor(at::Device device, const Collective& collective) {
  return collective.Size() == 1 ? MakeStepRecorder(device) : nullptr;
}

// What rank 0 lets all ranks do after a step.
enum class Word { kGoOn, kCheckpoint, kStop, kDiverged };

class Training {
 public:
  Training(const Job& job, at::Device device, const Dataset& data, const Control& control,
           ProgressSink& progress, Collective& collective)
      : job_(job),
        spec_(job.trial.training),
        control_(control),
        progress_(progress),
        collective_(collective),
        classes_(data.format.classes),
        batches_(job.trial, data, device, collective.GetSeat()),
        steps_(batches_.StepsPerEpoch() * spec_.epochs),
        selection_images_(ImagesOfSelection(spec_, data, batches_, device)),
        state_(NewTraining(job.trial, data.format, device, FusionOf(job.trial.numerics))),
        network_(state_.graph, state_.model,
                 {.fusion = FusionOf(job.trial.numerics),
                  .compute_type = ComputeTypeOf(job.trial.numerics)}),
        kept_network_(state_.graph, KeptModel(state_), {.fusion = FusionOf(job.trial.numerics)}),
        gradients_(state_.parameters, kOuterScalars, collective),
        step_taker_(network_, gradients_, spec_, state_, RecorderFor(device, collective)),
        writer_(job.checkpoint_folder, job.checkpoints_kept) {}

  TrainedLine Run();

 private:
  void Resume(const CheckpointRef& ref);
  Word Now();
  Word Wanted();
  void Step();
  bool EndEpoch();
  EpochLine LineOfEpoch() const;
  bool HasCollapsed(const EpochLine& line);
  void Select(EpochLine& line);
  double FgsmAccuracy();
  bool ReportStep(const at::Tensor& loss);
  bool StopRequested() { return collective_.Any(IsFirst() && control_.StopRequested()); }
  [[noreturn]] void Stop();
  bool CheckpointIsDue();
  void BeginCheckpoint();
  WrittenCheckpoint CheckpointNow();
  void Report(const Result<WrittenCheckpoint>& written);
  void CountTime();
  bool Selects(int epoch) const;
  int64_t EpochsDone() const { return state_.epochs_done.item<int64_t>(); }
  Checkpoint TakeSnapshot();
  bool IsFirst() const { return collective_.Rank() == 0; }
  std::optional<BestCheckpoint> WriteBest() const;
  TrainedLine Diverged();
  double SecondsSince(int64_t then_ms) const {
    return static_cast<double>(clock_.MonotonicMs() - then_ms) / 1000;
  }

  const Job& job_;
  const TrainingSpec& spec_;
  const Control& control_;
  ProgressSink& progress_;
  Collective& collective_;
  const SystemClock clock_;
  const int classes_;
  BatchSource batches_;
  const int64_t steps_;
  const DeviceImages selection_images_;  // Undefined where the recipe does not select.
  TrainingState state_;
  const Executor network_;
  const Executor kept_network_;
  GradientSum gradients_;
  StepTaker step_taker_;
  CheckpointWriter writer_;

  at::Tensor loss_;           // Of the newest step.
  bool is_diverged_ = false;  // As rank 0 sees it in the sums of the epoch.
  bool is_asked_ = false;     // Rank 0 has asked for a checkpoint that has not begun.
  Word said_ = Word::kGoOn;   // With the next step,
  Word heard_ = Word::kGoOn;  // and after the newest one.
  const int64_t started_ms_ = clock_.MonotonicMs();
  int64_t counted_ms_ = started_ms_;  // Until when state_.seconds are counted.
  bool is_ending_epoch_ = false;
  int64_t checkpoint_ms_ = started_ms_;
  int64_t reported_ms_ = started_ms_;
  int64_t reported_step_ = 0;
};

TrainedLine Training::Run() {
  if (job_.resume) Resume(*job_.resume);
  ShareStart(state_, collective_);
  progress_.Write(DescribeRuntime(job_, state_.step));
  reported_step_ = state_.step;
  while (true) {
    // Also the epoch whose end an earlier attempt was stopped in.
    if (state_.step / batches_.StepsPerEpoch() > EpochsDone() && !EndEpoch()) return Diverged();
    if (state_.step == steps_) break;
    const Word word = Now();
    if (word == Word::kStop) Stop();
    if (word == Word::kDiverged) return Diverged();
    if (word == Word::kCheckpoint) BeginCheckpoint();
    Step();
    if (progress_.StepLineIsDue(clock_.MonotonicMs())) is_diverged_ = !ReportStep(loss_);
  }
  const WrittenCheckpoint last = CheckpointNow();
  return {.steps = steps_,
          .diverged = false,
          .seconds = state_.seconds[1].item<double>(),
          .folder = last.folder.string(),
          .model_sha256 = last.model_sha256,
          .best = IsFirst() ? WriteBest() : std::nullopt};
}

// Until the training ends the best weights are part of its state.
std::optional<BestCheckpoint> Training::WriteBest() const {
  if (!state_.best) return std::nullopt;
  const auto fact = [&](int64_t i) { return state_.best->facts[i].item<double>(); };
  const auto written =
      WriteCheckpoint(job_.checkpoint_folder / kBestFolder, {.trial = IdOf(job_.trial),
                                                             .step = static_cast<int64_t>(fact(1)),
                                                             .model = state_.best->tensors,
                                                             .state = {}});
  if (!written) FailTask(FailureClass::kStorage, written.error().message);
  return BestCheckpoint{.folder = written->folder.string(),
                        .model_sha256 = written->model_sha256,
                        .step = written->step,
                        .epoch = static_cast<int>(fact(2)),
                        .accuracy = fact(0)};
}

void Training::Stop() {
  const WrittenCheckpoint kept = CheckpointNow();
  FailTask(FailureClass::kStopped, Format("stopped after step {} of {}; checkpoint in {}",
                                          state_.step, steps_, kept.folder.string()));
}

void Training::Resume(const CheckpointRef& ref) {
  const Checkpoint checkpoint = OrFail(ReadCheckpoint(ref));
  const auto require = [&](bool holds, const std::string& problem) {
    if (holds) return;
    FailTask(FailureClass::kConfiguration, Format("{}: {}", ref.folder.string(), problem));
  };
  require(checkpoint.trial == IdOf(job_.trial), "is a checkpoint of another trial");
  require(checkpoint.step >= 0 && checkpoint.step <= steps_,
          Format("is of step {}, but the training has {} steps", checkpoint.step, steps_));
  const auto copy = [&](const NamedTensors& target, const NamedTensors& source) {
    OrFail(CopyInto(target, source).map_error([&](Error error) {
      return WithContext(std::move(error), ref.folder.string());
    }));
  };
  copy(OfficialTensors(KeptModel(state_)), checkpoint.model);
  copy(ResumeTensors(state_), checkpoint.state);
  state_.step = checkpoint.step;
}

// What all ranks do at this place. A process alone does at once what it wants; of several ranks
// each does what rank 0 wanted before the newest step, for with its sums they all know.
Word Training::Now() {
  const Word wanted = Wanted();
  if (collective_.Size() == 1) return wanted;
  said_ = wanted;
  return std::exchange(heard_, Word::kGoOn);
}

Word Training::Wanted() {
  if (!IsFirst()) return Word::kGoOn;
  if (const auto written = writer_.TakeFinished()) Report(*written);
  if (is_diverged_) return Word::kDiverged;
  if (control_.StopRequested()) return Word::kStop;
  if (is_asked_ || !CheckpointIsDue()) return Word::kGoOn;
  is_asked_ = true;
  return Word::kCheckpoint;
}

void Training::Step() {
  const int64_t step = state_.step;
  const auto epoch = static_cast<int>(step / batches_.StepsPerEpoch());
  const StepRates rates = {
      .rates = RatesAt(spec_, epoch),
      .norm_momentum = NormMomentumAt(spec_, step),
      .ema_decay = EmaDecayAt(spec_, batches_.StepsPerEpoch() * spec_.batch_size, step + 1)};
  gradients_.Say(static_cast<int>(said_));
  loss_ = step_taker_.Take(batches_.At(step), rates);
  heard_ = static_cast<Word>(gradients_.Hear());
}

// False if the training diverged. The sums of the epoch decide, and not the newest step, so that it
// does not depend on when a line is due.
bool Training::ReportStep(const at::Tensor& loss) {
  const int64_t now_ms = clock_.MonotonicMs();
  const double images = static_cast<double>((state_.step - reported_step_) * spec_.batch_size);
  const double seconds = SecondsSince(reported_ms_);
  progress_.Write(StepLine{.step = state_.step,
                           .steps = steps_,
                           .loss = loss.defined() ? loss.item<double>() : 0,
                           .images_per_second = seconds > 0 ? images / seconds : 0});
  reported_ms_ = now_ms;
  reported_step_ = state_.step;
  return std::isfinite(state_.epoch_sums.narrow(0, 0, 2).sum().item<double>());
}

// False if the training diverged. An epoch is done when its line is out; a stop before that leaves
// all of its end to the next attempt.
bool Training::EndEpoch() {
  CountTime();
  is_ending_epoch_ = true;
  ShareStatistics(state_.model, collective_);
  if (state_.average) AdoptStatistics(*state_.average, state_.model);
  EpochLine line = LineOfEpoch();
  if (!std::isfinite(line.loss)) {
    progress_.Write(line);
    return false;
  }
  if (Selects(line.epoch)) Select(line);
  if (IsFirst()) line.train_fgsm_accuracy = FgsmAccuracy();
  progress_.Write(line);
  const bool goes_on = !HasCollapsed(line);
  CountTime();
  is_ending_epoch_ = false;
  state_.epoch_sums.zero_();
  state_.seconds[0] = 0;
  state_.epochs_done += 1;
  return goes_on;
}

EpochLine Training::LineOfEpoch() const {
  const at::Tensor sums = state_.epoch_sums.cpu();
  const auto mean = [&](int64_t i, double count) { return sums[i].item<double>() / count; };
  const auto steps = static_cast<double>(batches_.StepsPerEpoch());
  const double images = steps * spec_.batch_size;
  const int64_t epoch = EpochsDone();
  return {.epoch = static_cast<int>(epoch + 1),
          .loss = mean(0, steps) + spec_.beta * mean(1, steps),
          .natural_loss = mean(0, steps),
          .robust_loss = mean(1, steps),
          .natural_accuracy = mean(2, images),
          .robust_accuracy = mean(3, images),
          .learning_rate = RatesAt(spec_, static_cast<int>(epoch)).learning_rate,
          .seconds = state_.seconds[0].item<double>()};
}

// Whether a network that had learned something has stayed at chance for several epochs: it will not
// recover, although its loss is a number.
bool Training::HasCollapsed(const EpochLine& line) {
  const double accuracy =
      std::isnan(line.natural_accuracy) ? line.robust_accuracy : line.natural_accuracy;
  const double chance = 1.0 / classes_;
  const double best = std::max(state_.collapse[0].item<double>(), accuracy);
  const bool is_at_chance = best > kLearnedFactor * chance && accuracy < kChanceFactor * chance;
  const double epochs = is_at_chance ? state_.collapse[1].item<double>() + 1 : 0;
  state_.collapse[0] = best;
  state_.collapse[1] = epochs;
  if (epochs < kCollapseEpochs) return false;
  LogWarning("training collapsed: {} epochs at chance, the last one epoch {}, step {}", epochs,
             line.epoch, state_.step);
  return true;
}

bool Training::Selects(int epoch) const {
  return state_.best && epoch > spec_.selection_start * spec_.epochs;
}

void Training::Select(EpochLine& line) {
  SelectionPass pass(kept_network_, selection_images_, job_.trial.seed, collective_);
  while (!pass.IsDone()) {
    if (StopRequested()) Stop();
    pass.TakeBatches();
    if (progress_.StepLineIsDue(clock_.MonotonicMs())) ReportStep(loss_);
  }
  if (pass.RobustAccuracy() > state_.best->facts[0].item<double>()) {
    KeepAsBest(state_, pass.RobustAccuracy(), line.epoch);
  }
  line.clean_accuracy = pass.CleanAccuracy();
  line.pgd20_accuracy = pass.RobustAccuracy();
}

// Of some training images after one step of the whole radius. Far above the accuracy after the
// training attack, it tells that the network has overfitted to weak attacks; below it, that its
// gradients are masked.
double Training::FgsmAccuracy() {
  const c10::NoGradGuard no_gradients;
  const TrainingBatch batch = batches_.At(state_.step - 1);
  const at::Tensor images = batch.images.narrow(0, 0, spec_.batch_norm_group);
  at::Tensor labels = batch.labels.narrow(0, 0, spec_.batch_norm_group);
  if (labels.dim() == 2) labels = labels.argmax(1);
  const double epsilon = spec_.epsilon_255 / 255;
  const FrozenNetwork network(network_, 0);
  const at::Tensor attacked = Attack(network, images, images, MeanCrossEntropyOf{labels},
                                     {.epsilon = epsilon, .step = epsilon, .steps = 1});
  return network.Logits(attacked).argmax(1).eq(labels).to(at::kDouble).mean().item<double>();
}

void Training::CountTime() {
  const int64_t now_ms = clock_.MonotonicMs();
  const double seconds = static_cast<double>(now_ms - counted_ms_) / 1000;
  if (!is_ending_epoch_) state_.seconds[0] += seconds;
  state_.seconds[1] += seconds;
  counted_ms_ = now_ms;
}

bool Training::CheckpointIsDue() {
  return !writer_.IsBusy() && clock_.MonotonicMs() - checkpoint_ms_ >= job_.checkpoint_interval_ms;
}

void Training::BeginCheckpoint() {
  is_asked_ = false;
  checkpoint_ms_ = clock_.MonotonicMs();
  CountTime();
  Checkpoint snapshot = TakeSnapshot();
  if (IsFirst() && !writer_.IsBusy()) writer_.Start(std::move(snapshot));
}

// Rank 0 alone has the outcome.
WrittenCheckpoint Training::CheckpointNow() {
  if (writer_.IsBusy()) Report(writer_.Wait());
  CountTime();
  Checkpoint snapshot = TakeSnapshot();
  if (!IsFirst()) return {};
  writer_.Start(std::move(snapshot));
  const Result<WrittenCheckpoint> written = writer_.Wait();
  Report(written);
  return *written;
}

Checkpoint Training::TakeSnapshot() {
  ShareStatistics(state_.model, collective_);
  if (!IsFirst()) return {};
  return {.trial = IdOf(job_.trial),
          .step = state_.step,
          .model = Snapshot(OfficialTensors(KeptModel(state_))),
          .state = Snapshot(ResumeTensors(state_))};
}

void Training::Report(const Result<WrittenCheckpoint>& written) {
  if (!written) FailTask(FailureClass::kStorage, written.error().message);
  progress_.Write(CheckpointLine{.step = written->step,
                                 .folder = written->folder.string(),
                                 .model_sha256 = written->model_sha256});
}

TrainedLine Training::Diverged() {
  CountTime();
  return {.steps = state_.step,
          .diverged = true,
          .seconds = state_.seconds[1].item<double>(),
          .folder = "",
          .model_sha256 = "",
          .best = {}};
}

}  // namespace

TrainedLine Train(const Job& job, at::Device device, const Dataset& data, const Control& control,
                  ProgressSink& progress, Collective& collective) {
  return Training(job, device, data, control, progress, collective).Run();
}

}  // namespace archsweep
