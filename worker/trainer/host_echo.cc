#include "worker/trainer/host_echo.h"

#include <ATen/ATen.h>
#include <c10/core/impl/VirtualGuardImpl.h>

namespace archsweep {

double HostEcho::Next(const at::Tensor& value) {
  if (value.is_cpu()) return value.item<double>();
  Fetched& now = fetched_[steps_ % 2];
  Fetched& before = fetched_[(steps_ + 1) % 2];
  if (!now.value.defined()) {
    now.value = at::empty({}, at::TensorOptions(at::kDouble).pinned_memory(true));
    now.done.emplace(value.device().type());
  }
  now.value.copy_(value.to(at::kDouble), /*non_blocking=*/true);
  const c10::impl::VirtualGuardImpl device(value.device().type());
  now.done->record(device.getStream(value.device()));
  if (steps_++ == 0) return 0;
  before.done->synchronize();
  return before.value.item<double>();
}

}  // namespace archsweep
