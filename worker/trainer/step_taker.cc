#include "worker/trainer/step_taker.h"

#include <ATen/ATen.h>

#include <utility>

namespace archsweep {

StepTaker::StepTaker(const Executor& network, GradientSum& sum, const TrainingSpec& spec,
                     TrainingState& state, std::unique_ptr<StepRecorder> recorder)
    : network_(network), sum_(sum), spec_(spec), state_(state), recorder_(std::move(recorder)) {}

at::Tensor StepTaker::Take(const TrainingBatch& batch, const StepRates& rates) {
  ++state_.step;
  if (!IsReplayed(rates)) return RunStep(network_, sum_, batch, spec_, rates, state_);
  Keep(batch);
  if (!is_recorded_) {
    is_recorded_ =
        recorder_->Record([&] { loss_ = RunStep(network_, sum_, batch_, spec_, *rates_, state_); });
    if (!is_recorded_) {
      recorder_.reset();
      return RunStep(network_, sum_, batch, spec_, rates, state_);
    }
  }
  recorder_->Replay();
  return loss_;
}

bool StepTaker::IsReplayed(const StepRates& rates) {
  if (!recorder_) return false;
  if (rates_ == rates) return true;
  rates_ = rates;
  is_recorded_ = false;
  loss_.reset();
  recorder_->Forget();
  return false;
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
