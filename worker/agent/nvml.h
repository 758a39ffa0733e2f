#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"

namespace archsweep {

// What a GPU does at one time, whoever uses it.
struct DeviceReading {
  int64_t memory_bytes = 0;    // In use.
  std::optional<double> busy;  // Share of the last second or so; nothing: it does not tell.
  friend bool operator==(const DeviceReading&, const DeviceReading&) = default;
};

inline constexpr const char* kNvmlLibrary = "libnvidia-ml.so.1";

// NVIDIA's management library, which comes with the driver: it is loaded where it is there, and
// archsweep is not linked to it. Its calls may take long where the driver is in trouble.
class Nvml {
 public:
  // kNotFound where there is no such library, or one without what is needed; kIo where it does not
  // start.
  static Result<Nvml> Load(const std::string& library = kNvmlLibrary);
  Nvml(Nvml&&) noexcept;
  Nvml& operator=(Nvml&&) noexcept;
  ~Nvml();

  // Of the GPU that CUDA_VISIBLE_DEVICES would name so: its number or its whole UUID. Numbers are
  // those of the driver, which CUDA counts by too where all GPUs are alike or CUDA_DEVICE_ORDER is
  // PCI_BUS_ID. Nothing where there is none or it does not answer.
  std::optional<DeviceReading> Read(const std::string& gpu) const;

  // All bytes of that GPU's memory, in use or not. Nothing as above.
  std::optional<int64_t> MemoryOf(const std::string& gpu) const;

 private:
  struct Library;
  explicit Nvml(std::unique_ptr<Library> library);
  std::unique_ptr<Library> library_;
};

}  // namespace archsweep
