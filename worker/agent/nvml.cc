#include "worker/agent/nvml.h"

#include <dlfcn.h>

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace archsweep {
namespace {

constexpr unsigned long long kMemoryMax = 1ull << 40;  // Bytes of one GPU; more is nonsense.

// What is used of the library's binary interface.
constexpr int kSuccess = 0;
using Device = struct NvmlDevice*;
struct Memory {
  unsigned long long total;
  unsigned long long free;
  unsigned long long used;
};
struct Utilization {
  unsigned gpu;  // Per cent.
  unsigned memory;
};

struct CloseLibrary {
  void operator()(void* library) const { dlclose(library); }
};

}  // namespace

struct Nvml::Library {
  ~Library() {
    if (started) shutdown();
  }

  template <class Function>
  bool Find(const char* name, Function*& function) {
    function = reinterpret_cast<Function*>(dlsym(handle.get(), name));
    return function != nullptr;
  }
  bool FindAll() {
    return Find("nvmlInit_v2", init) && Find("nvmlShutdown", shutdown) &&
           Find("nvmlDeviceGetHandleByIndex_v2", by_index) &&
           Find("nvmlDeviceGetHandleByUUID", by_uuid) && Find("nvmlDeviceGetMemoryInfo", memory) &&
           Find("nvmlDeviceGetUtilizationRates", utilization);
  }

  // Null where there is none.
  Device FindDevice(const std::string& gpu) const {
    Device device = nullptr;
    const auto index = ParseInteger(gpu);
    const int found =
        index ? by_index(static_cast<unsigned>(*index), &device) : by_uuid(gpu.c_str(), &device);
    return found == kSuccess ? device : nullptr;
  }

  std::optional<Memory> MemoryOf(Device device) const {
    Memory found{};
    if (device == nullptr || memory(device, &found) != kSuccess) return std::nullopt;
    return found;
  }

  std::unique_ptr<void, CloseLibrary> handle;
  bool started = false;
  int (*init)() = nullptr;
  int (*shutdown)() = nullptr;
  int (*by_index)(unsigned, Device*) = nullptr;
  int (*by_uuid)(const char*, Device*) = nullptr;
  int (*memory)(Device, Memory*) = nullptr;
  int (*utilization)(Device, Utilization*) = nullptr;
};

Result<Nvml> Nvml::Load(const std::string& library) {
  auto loaded = std::make_unique<Library>();
  loaded->handle.reset(dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL));
  if (!loaded->handle) return Fail(ErrorKind::kNotFound, Format("{}: is not there", library));
  if (!loaded->FindAll()) {
    return Fail(ErrorKind::kNotFound, Format("{}: lacks functions that are needed", library));
  }
  const int code = loaded->init();
  if (code != kSuccess) {
    return Fail(ErrorKind::kIo, Format("{}: does not start: error {}", library, code));
  }
  loaded->started = true;
  return Nvml(std::move(loaded));
}

Nvml::Nvml(std::unique_ptr<Library> library) : library_(std::move(library)) {}
Nvml::Nvml(Nvml&&) noexcept = default;
Nvml& Nvml::operator=(Nvml&&) noexcept = default;
Nvml::~Nvml() = default;

std::optional<DeviceReading> Nvml::Read(const std::string& gpu) const {
  const Device device = library_->FindDevice(gpu);
  const std::optional<Memory> memory = library_->MemoryOf(device);
  if (!memory || memory->used > kMemoryMax) return std::nullopt;
  DeviceReading reading{.memory_bytes = static_cast<int64_t>(memory->used), .busy = std::nullopt};
  Utilization utilization{};
  if (library_->utilization(device, &utilization) == kSuccess) {
    reading.busy = std::min(utilization.gpu, 100u) / 100.0;
  }
  return reading;
}

std::optional<int64_t> Nvml::MemoryOf(const std::string& gpu) const {
  const std::optional<Memory> memory = library_->MemoryOf(library_->FindDevice(gpu));
  if (!memory || memory->total > kMemoryMax) return std::nullopt;
  return static_cast<int64_t>(memory->total);
}

}  // namespace archsweep
