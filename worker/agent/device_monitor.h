#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "worker/agent/nvml.h"

namespace archsweep {

inline constexpr int64_t kDeviceReadMs = 2'000;     // Between readings.
inline constexpr int64_t kDeviceAgeMaxMs = 10'000;  // An older reading tells nothing.
// For the driver to start, which takes a second or two where nothing else uses the GPUs.
inline constexpr int64_t kDeviceSizesWaitMs = 10'000;

// Reads the GPUs of this host again and again, on a thread of its own, for a driver in trouble may
// take long to answer and the agent's thread must go on.
class DeviceMonitor {
 public:
  // `gpus`: as Nvml::Read names them. Where the library is not there, nothing is ever read.
  explicit DeviceMonitor(std::vector<std::string> gpus, std::string library);

  // The GPUs at these positions of `gpus` together: the sum of their memory, the mean of their
  // shares. Nothing where one of them was not read, or not of late.
  std::optional<DeviceReading> Newest(std::span<const size_t> positions) const;

  // Bytes of each of `gpus`; 0: it does not tell. Waits until they were read, but not beyond
  // kDeviceSizesWaitMs after the start, and is empty where they were not.
  std::vector<int64_t> Sizes() const;

 private:
  void ReadSizes(const Nvml& nvml);
  void SetSizes(std::vector<int64_t> sizes);
  void Run(const std::stop_token& stop);

  const std::vector<std::string> gpus_;
  const std::string library_;
  SystemClock clock_;
  const std::chrono::steady_clock::time_point sizes_awaited_until_ =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(kDeviceSizesWaitMs);
  mutable std::mutex mutex_;
  std::condition_variable_any stopped_;
  mutable std::condition_variable sizes_known_;
  std::optional<std::vector<int64_t>> sizes_;
  std::vector<std::optional<DeviceReading>> newest_;
  int64_t read_ms_ = 0;
  std::jthread thread_;  // Last: it uses all of the above.
};

}  // namespace archsweep
