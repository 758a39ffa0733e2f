#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Event.h>

#include <array>
#include <cstddef>
#include <optional>

namespace archsweep {

// Reads a number of the device once a step without making the host wait for the step under way: on
// a GPU what is read is the number of the step before. On the processor it is that of this step.
class HostEcho {
 public:
  // Begins to fetch `value`, one element, and returns the one that was fetched before (0 at first).
  double Next(const at::Tensor& value);

 private:
  struct Fetched {
    at::Tensor value;  // In page-locked memory.
    std::optional<c10::Event> done;
  };

  std::array<Fetched, 2> fetched_;
  size_t steps_ = 0;
};

}  // namespace archsweep
