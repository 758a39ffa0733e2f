#include "worker/trainer/step_taker.h"

#include <ATen/ATen.h>

#include <utility>

namespace archsweep {

StepTaker::StepTaker(const Executor& network, GradientSum& sum, const TrainingSpec& spec,
                     TrainingState& state, std::unique_ptr<StepRecorder> recorder)
    : network_(network), sum_(sum), spec_(spec), state_(state), recorder_(std::move(recorder)) {}

at::Tensor StepTaker::Take(const TrainingBatch& batch, const StepRates& rates) {
  ++state_.step;
  if (!recorder_) return Run(batch, rates);
  if (rates_ != rates) {
    ForgetRecording();
    rates_ = rates;
    return Run(batch, rates);
  }
  Keep(batch);
  if (!is_recorded_ && !Record()) return Run(batch, rates);
  recorder_->Replay();
  return loss_;
}

at::Tensor StepTaker::Run(const TrainingBatch& batch, const StepRates& rates) {
  return RunStep(network_, sum_, batch, spec_, rates, state_);
}

bool StepTaker::Record() {
  is_recorded_ = recorder_->Record([this] { loss_ = Run(batch_, *rates_); });
  if (!is_recorded_) {
    ForgetRecording();
    sum_.BreakOff();
    recorder_.reset();
  }
  return is_recorded_;
}

void StepTaker::ForgetRecording() {
  is_recorded_ = false;
  loss_.reset();
  recorder_->Forget();
}

void StepTaker::Keep(const TrainingBatch& batch) {
  if (!batch_.images.defined()) {
    batch_ = batch;
    for (at::Tensor* tensor : {&batch_.images, &batch_.labels, &batch_.noise}) {
      *tensor = at::empty_like(*tensor);
    }
  }
  batch_.images.copy_(batch.images, /*non_blocking=*/true);
  batch_.labels.copy_(batch.labels, /*non_blocking=*/true);
  batch_.noise.copy_(batch.noise, /*non_blocking=*/true);
}

}  // namespace archsweep
