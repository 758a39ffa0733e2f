#include "coordinator/metrics.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/text.h"

namespace archsweep {
namespace {

void Head(std::string& text, std::string_view name, std::string_view help) {
  text += Format("# HELP {} {}\n# TYPE {} gauge\n", name, help, name);
}

void AddTasks(std::string& text, const TaskCounts& counts) {
  constexpr std::string_view kName = "archsweep_tasks";
  Head(text, kName, "Tasks of all sweeps by state.");
  const auto add = [&](std::string_view state, int count) {
    text += Format("{}{{state=\"{}\"}} {}\n", kName, state, count);
  };
  add("waiting", counts.Waiting());
  add("live", counts.live);
  add("succeeded", counts.succeeded);
  add("failed", counts.failed);
  add("cancelled", counts.cancelled);
  add("unreachable", counts.unreachable);
}

void AddGauge(std::string& text, std::string_view name, std::string_view help, double value) {
  Head(text, name, help);
  text += Format("{} {}\n", name, value);
}

// What live tasks use, as far as their workers have told.
void AddUse(std::string& text, const std::vector<LiveTask>& live) {
  double processors = 0;
  double memory = 0;
  double device_memory = 0;
  for (const LiveTask& task : live) {
    if (!task.use) continue;
    const double wall_ms = static_cast<double>(std::max<int64_t>(1, task.use->wall_ms));
    processors += static_cast<double>(task.use->cpu_ms) / wall_ms;
    memory += static_cast<double>(task.use->memory_bytes);
    if (task.use->device) device_memory += static_cast<double>(task.use->device->memory_bytes);
  }
  AddGauge(text, "archsweep_processors", "That live tasks have kept busy, each since its start.",
           processors);
  AddGauge(text, "archsweep_memory_bytes", "Resident memory of live tasks.", memory);
  AddGauge(text, "archsweep_device_memory_bytes", "Memory in use on the GPUs of live tasks.",
           device_memory);
}

}  // namespace

std::string MetricsText(const Snapshot& snapshot) {
  std::string text;
  AddGauge(text, "archsweep_up", "1 while the coordinator works.", snapshot.fatal ? 0 : 1);
  AddTasks(text, snapshot.counts);
  AddGauge(text, "archsweep_workers", "Workers that have not left.",
           static_cast<double>(snapshot.workers.size()));
  AddGauge(text, "archsweep_work_total", "Expected multiply-accumulates of all tasks.",
           snapshot.work_total);
  AddGauge(text, "archsweep_work_done", "Of these, the done ones.", snapshot.work_done);
  double speed = 0;
  for (const LiveTask& task : snapshot.live) speed += task.images_per_second;
  AddGauge(text, "archsweep_images_per_second", "Images that live tasks pass in a second.", speed);
  AddUse(text, snapshot.live);
  return text;
}

}  // namespace archsweep
