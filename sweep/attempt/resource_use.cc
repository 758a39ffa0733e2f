#include "sweep/attempt/resource_use.h"

#include "base/text.h"

namespace archsweep {
namespace {

Status CheckRange(const char* field, int64_t value, int64_t most) {
  if (value >= 0 && value <= most) return {};
  return Fail(ErrorKind::kInvalidInput, Format("{} is {}; it must be 0 to {}", field, value, most));
}

Status CheckDevice(const DeviceUse& use) {
  TRY(CheckRange("device.memory_peak_bytes", use.memory_peak_bytes, kUseBytesMax));
  TRY(CheckRange("device.memory_bytes", use.memory_bytes, use.memory_peak_bytes));
  // Said so that what is not a number is refused too.
  if (!use.busy || (*use.busy >= 0 && *use.busy <= 1)) return {};
  return Fail(ErrorKind::kInvalidInput, Format("device.busy is {}; it must be 0 to 1", *use.busy));
}

}  // namespace

Status CheckUse(const ResourceUse& use) {
  TRY(CheckRange("wall_ms", use.wall_ms, kUseMsMax));
  TRY(CheckRange("cpu_ms", use.cpu_ms, kUseMsMax));
  TRY(CheckRange("memory_peak_bytes", use.memory_peak_bytes, kUseBytesMax));
  TRY(CheckRange("memory_bytes", use.memory_bytes, use.memory_peak_bytes));
  return use.device ? CheckDevice(*use.device) : Status();
}

Json ToJson(const ResourceUse& use) {
  Json json = {{"wall_ms", use.wall_ms},
               {"cpu_ms", use.cpu_ms},
               {"memory_bytes", use.memory_bytes},
               {"memory_peak_bytes", use.memory_peak_bytes}};
  if (!use.device) return json;
  json["device"] = {{"memory_bytes", use.device->memory_bytes},
                    {"memory_peak_bytes", use.device->memory_peak_bytes}};
  if (use.device->busy) json["device"]["busy"] = *use.device->busy;
  return json;
}

Result<ResourceUse> ParseUse(const Json& json) {
  ResourceUse use;
  try {
    json.at("wall_ms").get_to(use.wall_ms);
    json.at("cpu_ms").get_to(use.cpu_ms);
    json.at("memory_bytes").get_to(use.memory_bytes);
    json.at("memory_peak_bytes").get_to(use.memory_peak_bytes);
    if (json.contains("device")) {
      const Json& from = json.at("device");
      DeviceUse& device = use.device.emplace();
      from.at("memory_bytes").get_to(device.memory_bytes);
      from.at("memory_peak_bytes").get_to(device.memory_peak_bytes);
      if (from.contains("busy")) device.busy = from.at("busy").get<double>();
    }
  } catch (const Json::exception& error) {
    return Fail(ErrorKind::kInvalidInput, error.what());
  }
  TRY(CheckUse(use));
  return use;
}

}  // namespace archsweep
