#include "worker/agent/use_sampler.h"

#include <algorithm>
#include <limits>
#include <set>
#include <vector>

#include "worker/agent/process_use.h"

namespace archsweep {

UseSampler::UseSampler(const HostResources& host, int64_t period_ms,
                       const std::string& nvml_library)
    : cpu_slots_(host.cpu_slots),
      gpu_slots_(static_cast<size_t>(host.gpu_slots)),
      period_ms_(period_ms) {
  if (host.gpu_slots > 0) devices_.emplace(GpusOf(host), nvml_library);
}

int64_t UseSampler::DueMs(const HeldAttempt& attempt) const {
  const UseMeter* const meter = attempt.Meter();
  return meter == nullptr ? std::numeric_limits<int64_t>::max() : meter->SampledMs() + period_ms_;
}

void UseSampler::Step(int64_t now_ms, std::map<Token, HeldAttempt>& held) const {
  const auto is_due = [&](const auto& entry) { return now_ms >= DueMs(entry.second); };
  if (std::ranges::none_of(held, is_due)) return;
  std::set<pid_t> sessions;
  for (auto& [token, attempt] : held) {
    if (const UseMeter* meter = attempt.Meter()) sessions.insert(meter->Session());
  }
  const std::map<pid_t, ProcessUse> uses = UseOfSessions(sessions);
  for (auto& [token, attempt] : held) {
    UseMeter* const meter = attempt.Meter();
    if (meter == nullptr) continue;
    const auto found = uses.find(meter->Session());
    meter->OnSample(now_ms, found == uses.end() ? ProcessUse{} : found->second,
                    DevicesAt(attempt.Slots()));
  }
}

std::vector<int64_t> UseSampler::DeviceBytes() const {
  std::vector<int64_t> sizes = devices_ ? devices_->Sizes() : std::vector<int64_t>{};
  // A slot without a GPU of its own gets no attempt that could use its size.
  if (!sizes.empty()) sizes.resize(gpu_slots_);
  return sizes;
}

std::optional<DeviceReading> UseSampler::DevicesAt(std::span<const int> slots) const {
  if (!devices_) return std::nullopt;
  std::vector<size_t> gpus;
  for (const int slot : slots) {
    if (slot >= cpu_slots_) gpus.push_back(static_cast<size_t>(slot - cpu_slots_));
  }
  return devices_->Newest(gpus);
}

}  // namespace archsweep
