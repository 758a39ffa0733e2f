#include "proto/convert.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "base/canonical_json.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/text.h"

namespace archsweep {
namespace {

constexpr size_t kHostBytesMax = 255;
constexpr size_t kVersionBytesMax = 100;
constexpr int64_t kNextCallMsMax = 60'000;
constexpr size_t kPathBytesMax = 4096;
constexpr size_t kConfigurationBytesMax = size_t{1} << 20;

tl::unexpected<Error> Invalid(std::string_view field, const std::string& what) {
  return Fail(ErrorKind::kInvalidInput, Format("{}: {}", field, what));
}

// The same error, told of `field`.
template <class T>
Result<T> Of(const std::string& field, Result<T> result) {
  if (result) return result;
  return tl::unexpected(WithContext(std::move(result).error(), field));
}

Status CheckRange(std::string_view field, int64_t value, int64_t least, int64_t most) {
  if (value >= least && value <= most) return {};
  return Invalid(field, Format("is {}; it must be {} to {}", value, least, most));
}

Status CheckSize(std::string_view field, size_t bytes, size_t bytes_max) {
  if (bytes <= bytes_max) return {};
  return Invalid(field, Format("has {} bytes; at most {} are allowed", bytes, bytes_max));
}

// What is logged, one line each, and shown on terminals.
Status CheckPrintable(std::string_view field, const std::string& text, size_t bytes_max) {
  TRY(CheckSize(field, text.size(), bytes_max));
  if (std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; })) return {};
  return Invalid(field, "must be of printable characters");
}

std::string BytesOf(const WorkerId& id) { return {id.bytes.begin(), id.bytes.end()}; }

Result<WorkerId> ReadWorkerId(std::string_view field, const std::string& bytes) {
  WorkerId id;
  if (bytes.size() != id.bytes.size()) {
    return Invalid(field, Format("has {} bytes; an id has {}", bytes.size(), id.bytes.size()));
  }
  std::ranges::copy(bytes, id.bytes.begin());
  return id;
}

// Reads a token that is not in `seen`, and adds it there.
Result<Token> ReadToken(const std::string& field, int64_t value, std::set<Token>& seen) {
  if (value < 1) return Invalid(field, Format("is {}; tokens are positive", value));
  const Token token{value};
  if (!seen.insert(token).second) return Invalid(field, Format("{} occurs twice", value));
  return token;
}

bool HasFlagsOf(const ProgressLine& line, const std::string& flags) {
  const auto* evaluated = std::get_if<EvaluatedLine>(&line);
  if (!evaluated) return flags.empty();
  constexpr int64_t kImagesMax = int64_t{kFlagsBytesMax} * 8;
  if (evaluated->images < 0 || evaluated->images > kImagesMax) return false;
  return flags.size() == static_cast<size_t>((evaluated->images + 7) / 8);
}

Result<NumberedLine> ReadLine(const std::string& field, const fleet::v1::NumberedLine& wire) {
  TRY(CheckSize(field + ".flags", wire.flags().size(), kFlagsBytesMax));
  NumberedLine line{.number = wire.number(), .line = {}, .flags = wire.flags()};
  TRY_ASSIGN(line.line, Of(field + ".line", ParseProgress(wire.line())));
  if (!HasFlagsOf(line.line, line.flags)) {
    return Invalid(field + ".flags",
                   Format("has {} bytes; an 'evaluated' line comes with one bit for each image, "
                          "others with none",
                          line.flags.size()));
  }
  return line;
}

Result<ResourceUse> ReadUse(const std::string& field, const fleet::v1::ResourceUse& wire) {
  ResourceUse use{.wall_ms = wire.wall_ms(),
                  .cpu_ms = wire.cpu_ms(),
                  .memory_bytes = wire.memory_bytes(),
                  .memory_peak_bytes = wire.memory_peak_bytes(),
                  .device = std::nullopt};
  if (wire.has_device()) {
    DeviceUse& device = use.device.emplace();
    device.memory_bytes = wire.device().memory_bytes();
    device.memory_peak_bytes = wire.device().memory_peak_bytes();
    if (wire.device().has_busy()) device.busy = wire.device().busy();
  }
  TRY(Of(field, CheckUse(use)));
  return use;
}

void Fill(fleet::v1::ResourceUse& wire, const ResourceUse& use) {
  wire.set_wall_ms(use.wall_ms);
  wire.set_cpu_ms(use.cpu_ms);
  wire.set_memory_bytes(use.memory_bytes);
  wire.set_memory_peak_bytes(use.memory_peak_bytes);
  if (!use.device) return;
  fleet::v1::DeviceUse& device = *wire.mutable_device();
  device.set_memory_bytes(use.device->memory_bytes);
  device.set_memory_peak_bytes(use.device->memory_peak_bytes);
  if (use.device->busy) device.set_busy(*use.device->busy);
}

Result<ObservedAttempt> ReadObserved(const std::string& field,
                                     const fleet::v1::ObservedAttempt& wire,
                                     std::set<Token>& seen) {
  ObservedAttempt observed;
  TRY_ASSIGN(observed.token, ReadToken(field + ".token", wire.token(), seen));
  TRY(CheckRange(field + ".lines", wire.lines_size(), 0, kLinesPerReportMax));
  int64_t newest = 0;
  for (int i = 0; i < wire.lines_size(); ++i) {
    const std::string line_field = Format("{}.lines[{}]", field, i);
    const int64_t number = wire.lines(i).number();
    if (number <= newest) {
      return Invalid(line_field + ".number",
                     Format("is {} after {}; numbers count upwards from 1", number, newest));
    }
    newest = number;
    TRY_ASSIGN(NumberedLine line, ReadLine(line_field, wire.lines(i)));
    observed.lines.push_back(std::move(line));
  }
  if (wire.has_use()) {
    TRY_ASSIGN(observed.use, ReadUse(field + ".use", wire.use()));
  }
  return observed;
}

Result<Json> ReadConfiguration(const std::string& field, const std::string& text) {
  TRY(CheckSize(field, text.size(), kConfigurationBytesMax));
  return Of(field, ParseJson(text));
}

Status ReadEvaluation(const std::string& field, const fleet::v1::DesiredAttempt& wire,
                      AttemptOrder& order) {
  if (wire.evaluation_json().empty()) {
    if (wire.weights_folder().empty() && wire.weights_sha256().empty()) return {};
    return Invalid(field + ".weights_folder", "is given for a training");
  }
  TRY_ASSIGN(const Json json,
             ReadConfiguration(field + ".evaluation_json", wire.evaluation_json()));
  TRY_ASSIGN(order.evaluation, Of(field + ".evaluation_json", ParseEvaluation(json)));
  if (order.evaluation->trial != IdOf(order.trial)) {
    return Invalid(field + ".evaluation_json",
                   Format("is of trial {}, trial_json of {}", ToHex(order.evaluation->trial),
                          ToHex(IdOf(order.trial))));
  }
  if (wire.weights_folder().empty()) {
    return Invalid(field + ".weights_folder", "is missing; an evaluation needs weights");
  }
  TRY(CheckSize(field + ".weights_folder", wire.weights_folder().size(), kPathBytesMax));
  if (!wire.weights_sha256().empty() && !IsSha256Hex(wire.weights_sha256())) {
    return Invalid(field + ".weights_sha256", "must be 64 hexadecimal digits");
  }
  order.weights = CheckpointRef{wire.weights_folder(), wire.weights_sha256()};
  return {};
}

Status ReadSlots(const std::string& field, const fleet::v1::DesiredAttempt& wire,
                 AttemptOrder& order) {
  if (wire.slots().empty()) return Invalid(field, "is empty; an attempt needs a slot");
  std::set<int> seen;
  for (const int slot : wire.slots()) {
    TRY(CheckRange(field, slot, 0, kSlotsMax - 1));
    if (!seen.insert(slot).second) return Invalid(field, Format("{} occurs twice", slot));
    order.slots.push_back(slot);
  }
  return {};
}

Result<AttemptOrder> ReadOrder(const std::string& field, const fleet::v1::DesiredAttempt& wire,
                               std::set<Token>& seen) {
  AttemptOrder order;
  TRY_ASSIGN(order.token, ReadToken(field + ".token", wire.token(), seen));
  order.stop = wire.stop();
  order.known = wire.trial_json().empty();
  if (order.known) return order;
  TRY_ASSIGN(const Json trial, ReadConfiguration(field + ".trial_json", wire.trial_json()));
  TRY_ASSIGN(order.trial, Of(field + ".trial_json", ParseTrial(trial)));
  TRY(ReadEvaluation(field, wire, order));
  TRY(ReadSlots(field + ".slots", wire, order));
  TRY(CheckRange(field + ".share", wire.share(), 1, kShareMax));
  order.share = wire.share();
  return order;
}

Status CheckProtocol(ErrorKind refusal, int protocol) {
  if (protocol == kFleetProtocol) return {};
  return Fail(refusal, Format("protocol: this worker speaks {} and the coordinator {}; start both "
                              "from the same release of archsweep",
                              protocol, kFleetProtocol));
}

Status ReadCapacity(const fleet::v1::RegisterRequest& request, WorkerDescription& description) {
  TRY(CheckRange("memory_bytes", request.memory_bytes(), 0, kMemoryBytesMax));
  description.memory_bytes = request.memory_bytes();
  if (request.device_bytes_size() != 0 && request.device_bytes_size() != request.gpu_slots()) {
    return Invalid("device_bytes", Format("has {} values for {} GPU slots",
                                          request.device_bytes_size(), request.gpu_slots()));
  }
  for (const int64_t bytes : request.device_bytes()) {
    TRY(CheckRange("device_bytes", bytes, 0, kMemoryBytesMax));
    description.device_bytes.push_back(bytes);
  }
  TRY(CheckRange("ends_in_ms", request.ends_in_ms(), 0, kEndsInMsMax));
  description.ends_in_ms = request.ends_in_ms();
  return {};
}

}  // namespace

fleet::v1::RegisterRequest ToWire(const WorkerDescription& description) {
  fleet::v1::RegisterRequest request;
  request.set_worker_id(BytesOf(description.worker));
  request.set_host(description.host);
  request.set_cpu_slots(description.cpu_slots);
  request.set_gpu_slots(description.gpu_slots);
  for (const WorkerId& dead : description.dead_workers) {
    request.add_dead_worker_ids(BytesOf(dead));
  }
  request.set_memory_bytes(description.memory_bytes);
  for (const int64_t bytes : description.device_bytes) request.add_device_bytes(bytes);
  request.set_ends_in_ms(description.ends_in_ms);
  request.set_protocol(kFleetProtocol);
  request.set_version(description.version);
  return request;
}

Result<WorkerDescription> FromWire(const fleet::v1::RegisterRequest& request) {
  TRY(CheckProtocol(ErrorKind::kInvalidInput, request.protocol()));
  WorkerDescription description;
  TRY_ASSIGN(description.worker, ReadWorkerId("worker_id", request.worker_id()));
  TRY(CheckPrintable("host", request.host(), kHostBytesMax));
  description.host = request.host();
  TRY(CheckRange("cpu_slots", request.cpu_slots(), 0, kSlotsMax));
  TRY(CheckRange("gpu_slots", request.gpu_slots(), 0, kSlotsMax));
  TRY(CheckRange("cpu_slots + gpu_slots", request.cpu_slots() + request.gpu_slots(), 1, kSlotsMax));
  description.cpu_slots = request.cpu_slots();
  description.gpu_slots = request.gpu_slots();
  for (int i = 0; i < request.dead_worker_ids_size(); ++i) {
    const std::string field = Format("dead_worker_ids[{}]", i);
    TRY_ASSIGN(const WorkerId dead, ReadWorkerId(field, request.dead_worker_ids(i)));
    if (dead == description.worker) return Invalid(field, "is worker_id, which lives");
    description.dead_workers.push_back(dead);
  }
  TRY(ReadCapacity(request, description));
  TRY(CheckPrintable("version", request.version(), kVersionBytesMax));
  if (request.version().empty()) return Invalid("version", "is missing");
  description.version = request.version();
  return description;
}

fleet::v1::SynchronizeRequest ToWire(const WorkerReport& report) {
  fleet::v1::SynchronizeRequest request;
  request.set_worker_id(BytesOf(report.worker));
  for (const ObservedAttempt& observed : report.attempts) {
    auto* attempt = request.add_attempts();
    attempt->set_token(observed.token.value);
    for (const NumberedLine& line : observed.lines) {
      auto* wire = attempt->add_lines();
      wire->set_number(line.number);
      wire->set_line(ToText(line.line));
      wire->set_flags(line.flags);
    }
    if (observed.use) Fill(*attempt->mutable_use(), *observed.use);
  }
  request.set_hold_ms(report.hold_ms);
  request.set_leaving(report.leaving);
  request.set_protocol(kFleetProtocol);
  return request;
}

Result<WorkerReport> FromWire(const fleet::v1::SynchronizeRequest& request) {
  TRY(CheckProtocol(ErrorKind::kDenied, request.protocol()));
  WorkerReport report;
  TRY_ASSIGN(report.worker, ReadWorkerId("worker_id", request.worker_id()));
  TRY(CheckRange("hold_ms", request.hold_ms(), 0, kHoldMsMax));
  report.hold_ms = request.hold_ms();
  report.leaving = request.leaving();
  std::set<Token> seen;
  for (int i = 0; i < request.attempts_size(); ++i) {
    TRY_ASSIGN(ObservedAttempt observed,
               ReadObserved(Format("attempts[{}]", i), request.attempts(i), seen));
    report.attempts.push_back(std::move(observed));
  }
  return report;
}

fleet::v1::SynchronizeResponse ToWire(const WorkerOrders& orders) {
  fleet::v1::SynchronizeResponse response;
  for (const AttemptOrder& order : orders.attempts) {
    auto* attempt = response.add_attempts();
    attempt->set_token(order.token.value);
    attempt->set_stop(order.stop);
    if (order.known) continue;
    attempt->set_trial_json(CanonicalText(ToJson(order.trial)));
    if (order.evaluation) attempt->set_evaluation_json(CanonicalText(ToJson(*order.evaluation)));
    if (order.weights) {
      attempt->set_weights_folder(order.weights->folder.string());
      attempt->set_weights_sha256(order.weights->model_sha256);
    }
    for (const int slot : order.slots) attempt->add_slots(slot);
    attempt->set_share(order.share);
  }
  response.set_next_call_ms(orders.next_call_ms);
  response.set_leave(orders.leave);
  return response;
}

Result<WorkerOrders> FromWire(const fleet::v1::SynchronizeResponse& response) {
  WorkerOrders orders;
  TRY(CheckRange("next_call_ms", response.next_call_ms(), 0, kNextCallMsMax));
  orders.next_call_ms = response.next_call_ms();
  orders.leave = response.leave();
  std::set<Token> seen;
  for (int i = 0; i < response.attempts_size(); ++i) {
    TRY_ASSIGN(AttemptOrder order,
               ReadOrder(Format("attempts[{}]", i), response.attempts(i), seen));
    orders.attempts.push_back(std::move(order));
  }
  return orders;
}

}  // namespace archsweep
