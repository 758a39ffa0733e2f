#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <optional>

#include "worker/trainer/step_recorder.h"
#include "worker/trainer/training_step.h"

namespace archsweep {

// Takes the steps of one training. With a recorder, the second of several steps with the same rates
// is recorded, and the device does the same again for the rest of them, with other images. The
// first one makes all that a recording could not, such as the handles of libraries. Rates that
// change with every step, as in the warm-up of averaged weights, are never recorded.
class StepTaker {
 public:
  // `network` runs the tensors of `state`, and `sum` those of its parameters; all of them outlive
  // the object. `recorder`: null where steps are not to be recorded.
  StepTaker(const Executor& network, GradientSum& sum, const TrainingSpec& spec,
            TrainingState& state, std::unique_ptr<StepRecorder> recorder);

  // One step, which is counted. The loss, a scalar on the device, holds until the next step. Every
  // batch has the shapes of the first one.
  at::Tensor Take(const TrainingBatch& batch, const StepRates& rates);

 private:
  at::Tensor Run(const TrainingBatch& batch, const StepRates& rates);
  bool Record();  // False: there is no recorder from now on.
  void ForgetRecording();
  void Keep(const TrainingBatch& batch);

  const Executor& network_;
  GradientSum& sum_;
  const TrainingSpec& spec_;
  TrainingState& state_;
  std::unique_ptr<StepRecorder> recorder_;
  std::optional<StepRates> rates_;  // Of the newest step.
  bool is_recorded_ = false;        // With these rates.
  TrainingBatch batch_;             // What recorded steps read.
  at::Tensor loss_;                 // What they write.
};

}  // namespace archsweep
