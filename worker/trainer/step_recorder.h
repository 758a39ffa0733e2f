#pragma once

#include <c10/core/Device.h>

#include <functional>
#include <memory>

namespace archsweep {

// Has a device do again what it was asked for once. On a small network the host takes longer to ask
// for the kernels of a training step than a GPU takes to run them.
class StepRecorder {
 public:
  virtual ~StepRecorder() = default;

  // Notes what `step` asks of the device, which does none of it yet. What it returns in captured
  // variables are tensors of the recording, and hold what its newest replay has made. False, with a
  // warning in the log, where it asks for something that cannot be replayed: `step` may then have
  // ended in the middle. Only where nothing is recorded, or that was forgotten.
  virtual bool Record(const std::function<void()>& step) = 0;

  // The device does all of it, on tensors as they are then. The host does not wait for it.
  virtual void Replay() = 0;

  // Gives the memory of the recording back, once nobody holds its tensors.
  virtual void Forget() = 0;
};

// Null where nothing can be recorded: on the processor, and in a build without CUDA.
std::unique_ptr<StepRecorder> MakeStepRecorder(c10::Device device);

}  // namespace archsweep
