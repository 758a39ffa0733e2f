#include "worker/trainer/train_task.h"

#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "base/text.h"
#include "worker/trainer/augmentation.h"
#include "worker/trainer/checkpoint_writer.h"
#include "worker/trainer/executor.h"
#include "worker/trainer/noise.h"
#include "worker/trainer/runtime.h"
#include "worker/trainer/task_error.h"
#include "worker/trainer/trades_step.h"
#include "worker/trainer/training_state.h"

namespace archsweep {
namespace {

class Training {
 public:
  Training(const Job& job, at::Device device, const Dataset& data, const Control& control,
           ProgressSink& progress)
      : job_(job),
        spec_(job.trial.training),
        control_(control),
        progress_(progress),
        steps_per_epoch_(data.train.Count() / spec_.batch_size),
        steps_(steps_per_epoch_ * spec_.epochs),
        images_(Upload(data.train, data.format, device)),
        state_(NewTraining(job.trial, data.format, device)),
        network_(state_.graph, state_.model),
        writer_(job.checkpoint_folder, job.checkpoints_kept) {
    if (steps_per_epoch_ == 0) {
      FailTask(FailureClass::kConfiguration,
               Format("batch_size {} is more than the {} training images of data set '{}'",
                      spec_.batch_size, data.train.Count(), job.trial.dataset.name));
    }
  }

  TrainedLine Run();

 private:
  void Resume(const CheckpointRef& ref);
  void Step();
  bool EndEpoch();
  bool ReportStep(const at::Tensor& loss);
  void CheckpointIfDue();
  WrittenCheckpoint CheckpointNow();
  void Report(const Result<WrittenCheckpoint>& written);
  void CountEpochTime();
  Checkpoint TakeSnapshot() const;
  TrainedLine Diverged() const;
  double SecondsSince(int64_t then_ms) const {
    return static_cast<double>(clock_.MonotonicMs() - then_ms) / 1000;
  }

  const Job& job_;
  const TrainingSpec& spec_;
  const Control& control_;
  ProgressSink& progress_;
  const SystemClock clock_;
  const int64_t steps_per_epoch_;
  const int64_t steps_;
  const DeviceImages images_;
  TrainingState state_;
  const Executor network_;
  CheckpointWriter writer_;

  std::vector<int64_t> order_;  // Of the images in this epoch; empty: not drawn yet.
  at::Tensor loss_;             // Of the newest step.
  const int64_t started_ms_ = clock_.MonotonicMs();
  int64_t epoch_counted_ms_ = started_ms_;  // Until when state_.epoch_seconds is counted.
  int64_t checkpoint_ms_ = started_ms_;
  int64_t reported_ms_ = started_ms_;
  int64_t reported_step_ = 0;
};

TrainedLine Training::Run() {
  if (job_.resume) Resume(*job_.resume);
  progress_.Write(DescribeRuntime(job_, state_.step));
  reported_step_ = state_.step;
  while (state_.step < steps_) {
    if (control_.StopRequested()) {
      const WrittenCheckpoint kept = CheckpointNow();
      FailTask(FailureClass::kStopped, Format("stopped after step {} of {}; checkpoint in {}",
                                              state_.step, steps_, kept.folder.string()));
    }
    Step();
    if (progress_.StepLineIsDue(clock_.MonotonicMs()) && !ReportStep(loss_)) return Diverged();
    if (state_.step % steps_per_epoch_ == 0 && !EndEpoch()) return Diverged();
    CheckpointIfDue();
  }
  const WrittenCheckpoint last = CheckpointNow();
  return {.steps = steps_,
          .diverged = false,
          .seconds = SecondsSince(started_ms_),
          .folder = last.folder.string(),
          .model_sha256 = last.model_sha256};
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
  copy(OfficialTensors(state_.model), checkpoint.model);
  copy(ResumeTensors(state_), checkpoint.state);
  state_.step = checkpoint.step;
}

void Training::Step() {
  const int64_t epoch = state_.step / steps_per_epoch_;
  const uint64_t seed = job_.trial.seed;
  if (order_.empty()) {
    order_ = DrawPermutation({seed, DrawPurpose::kShuffle, static_cast<uint64_t>(epoch)},
                             images_.pixels.size(0));
  }
  const auto first = static_cast<size_t>(state_.step % steps_per_epoch_ * spec_.batch_size);
  const auto indices =
      std::span<const int64_t>(order_).subspan(first, static_cast<size_t>(spec_.batch_size));
  const auto step = static_cast<uint64_t>(state_.step);
  at::Tensor images;
  if (spec_.augment) {
    std::vector<CropDraw> crops;
    for (const int64_t index : indices) {
      crops.push_back(DrawCrop({seed, DrawPurpose::kAugmentation, step},
                               static_cast<uint32_t>(index), kCropPadding));
    }
    images = AugmentedImages(images_.pixels, indices, crops);
  } else {
    images = Images(images_.pixels, indices);
  }
  const at::Tensor labels = images_.labels.index_select(0, IndexTensor(indices, images_.labels));
  const at::Tensor noise = NormalNoise({seed, DrawPurpose::kTrainingStart, step}, indices, images);
  loss_ = StepTrades(network_, images, labels, noise, spec_,
                     LearningRate(spec_, static_cast<int>(epoch)), state_);
}

// False if the training diverged. The sums of the epoch decide, and not the newest step, so that it
// does not depend on when a line is due.
bool Training::ReportStep(const at::Tensor& loss) {
  const int64_t now_ms = clock_.MonotonicMs();
  const double images = static_cast<double>((state_.step - reported_step_) * spec_.batch_size);
  const double seconds = SecondsSince(reported_ms_);
  progress_.Write(StepLine{.step = state_.step,
                           .steps = steps_,
                           .loss = loss.item<double>(),
                           .images_per_second = seconds > 0 ? images / seconds : 0});
  reported_ms_ = now_ms;
  reported_step_ = state_.step;
  return std::isfinite(state_.epoch_sums.sum().item<double>());
}

// False if the training diverged.
bool Training::EndEpoch() {
  CountEpochTime();
  const at::Tensor sums = state_.epoch_sums.cpu();
  const auto mean = [&](int64_t i, double count) { return sums[i].item<double>() / count; };
  const auto steps = static_cast<double>(steps_per_epoch_);
  const double images = steps * spec_.batch_size;
  const int epoch = static_cast<int>(state_.step / steps_per_epoch_);
  const EpochLine line = {.epoch = epoch,
                          .loss = mean(0, steps) + spec_.beta * mean(1, steps),
                          .natural_loss = mean(0, steps),
                          .robust_loss = mean(1, steps),
                          .natural_accuracy = mean(2, images),
                          .robust_accuracy = mean(3, images),
                          .learning_rate = LearningRate(spec_, epoch - 1),
                          .seconds = state_.epoch_seconds.item<double>()};
  progress_.Write(line);
  state_.epoch_sums.zero_();
  state_.epoch_seconds.zero_();
  order_.clear();
  return std::isfinite(line.loss);
}

void Training::CountEpochTime() {
  const int64_t now_ms = clock_.MonotonicMs();
  state_.epoch_seconds += SecondsSince(epoch_counted_ms_);
  epoch_counted_ms_ = now_ms;
}

void Training::CheckpointIfDue() {
  if (const auto written = writer_.TakeFinished()) Report(*written);
  const int64_t now_ms = clock_.MonotonicMs();
  if (writer_.IsBusy() || now_ms - checkpoint_ms_ < job_.checkpoint_interval_ms) return;
  checkpoint_ms_ = now_ms;
  CountEpochTime();
  writer_.Start(TakeSnapshot());
}

WrittenCheckpoint Training::CheckpointNow() {
  if (writer_.IsBusy()) Report(writer_.Wait());
  CountEpochTime();
  writer_.Start(TakeSnapshot());
  const Result<WrittenCheckpoint> written = writer_.Wait();
  Report(written);
  return *written;
}

Checkpoint Training::TakeSnapshot() const {
  return {.trial = IdOf(job_.trial),
          .step = state_.step,
          .model = Snapshot(OfficialTensors(state_.model)),
          .state = Snapshot(ResumeTensors(state_))};
}

void Training::Report(const Result<WrittenCheckpoint>& written) {
  if (!written) FailTask(FailureClass::kStorage, written.error().message);
  progress_.Write(CheckpointLine{.step = written->step,
                                 .folder = written->folder.string(),
                                 .model_sha256 = written->model_sha256});
}

TrainedLine Training::Diverged() const {
  return {.steps = state_.step,
          .diverged = true,
          .seconds = SecondsSince(started_ms_),
          .folder = "",
          .model_sha256 = ""};
}

}  // namespace

TrainedLine Train(const Job& job, at::Device device, const Dataset& data, const Control& control,
                  ProgressSink& progress) {
  return Training(job, device, data, control, progress).Run();
}

}  // namespace archsweep
