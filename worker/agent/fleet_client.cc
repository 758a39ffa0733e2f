#include "worker/agent/fleet_client.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "proto/access/channel.h"
#include "proto/convert.h"
#include "proto/fleet.grpc.pb.h"

namespace archsweep {
namespace {

using fleet::v1::Fleet;
using fleet::v1::RegisterRequest;
using fleet::v1::RegisterResponse;
using fleet::v1::SynchronizeRequest;
using fleet::v1::SynchronizeResponse;

constexpr int64_t kLeaseMsMax = 24 * 3'600'000;

Result<FleetAnswer> Read(const RegisterResponse& response) {
  if (response.lease_ms() < 1 || response.lease_ms() > kLeaseMsMax) {
    return Fail(ErrorKind::kInvalidInput,
                Format("lease_ms: is {}; it must be 1 to {}", response.lease_ms(), kLeaseMsMax));
  }
  return Registered{response.lease_ms()};
}

Result<FleetAnswer> Read(const SynchronizeResponse& response) {
  TRY_ASSIGN(WorkerOrders orders, FromWire(response));
  return orders;
}

// One call: its messages must stay where they are until it has ended.
template <class Request, class Response>
struct Exchange {
  Request request;
  Response response;
};

}  // namespace

struct FleetClient::Wire {
  using Call = std::variant<Exchange<RegisterRequest, RegisterResponse>,
                            Exchange<SynchronizeRequest, SynchronizeResponse>>;

  Wire(const std::shared_ptr<grpc::Channel>& channel, std::string shown,
       const WakeEvent& wake_event)
      : stub(Fleet::NewStub(channel)), authorization(std::move(shown)), wake(wake_event) {}

  // Begins a call of `method`, whose messages are in `call`.
  template <class Request, class Response, class Method>
  void Begin(Request request, int64_t hold_ms, Method method) {
    CHECK(!context);
    context.emplace();
    context->AddMetadata(kAuthorizationKey, authorization);
    context->set_deadline(std::chrono::system_clock::now() +
                          std::chrono::milliseconds(hold_ms + kCallDeadlineMs));
    auto& exchange = call.emplace<Exchange<Request, Response>>();
    exchange.request = std::move(request);
    (stub->async()->*method)(&*context, &exchange.request, &exchange.response,
                             [this](grpc::Status status) { End(std::move(status)); });
  }

  // On a thread of gRPC. All is done under the lock, so that the object can go once it is free.
  void End(grpc::Status status) {
    const std::lock_guard lock(mutex);
    ended = std::move(status);
    wake.Raise();
    changed.notify_all();
  }

  const std::unique_ptr<Fleet::Stub> stub;
  const std::string authorization;
  const WakeEvent& wake;
  std::optional<grpc::ClientContext> context;  // Present from the begin of a call until Take.
  Call call;
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<grpc::Status> ended;  // Guarded by the mutex.
};

Result<FleetClient> FleetClient::To(const Access& access, const WakeEvent& wake) {
  TRY_ASSIGN(const auto channel, Connect(access));
  return FleetClient(std::make_unique<Wire>(channel, AuthorizationOf(access), wake));
}

FleetClient::FleetClient(std::unique_ptr<Wire> wire) : wire_(std::move(wire)) {}
FleetClient::FleetClient(FleetClient&&) noexcept = default;

FleetClient::~FleetClient() {
  if (!wire_ || !wire_->context) return;
  Cancel();
  std::unique_lock lock(wire_->mutex);
  wire_->changed.wait(lock, [this] { return wire_->ended.has_value(); });
}

void FleetClient::Register(const WorkerDescription& description) {
  using Async = Fleet::StubInterface::async_interface;
  void (Async::*method)(grpc::ClientContext*, const RegisterRequest*, RegisterResponse*,
                        std::function<void(grpc::Status)>) = &Async::Register;
  wire_->Begin<RegisterRequest, RegisterResponse>(ToWire(description), 0, method);
}

void FleetClient::Synchronize(const WorkerReport& report) {
  using Async = Fleet::StubInterface::async_interface;
  void (Async::*method)(grpc::ClientContext*, const SynchronizeRequest*, SynchronizeResponse*,
                        std::function<void(grpc::Status)>) = &Async::Synchronize;
  wire_->Begin<SynchronizeRequest, SynchronizeResponse>(ToWire(report), report.hold_ms, method);
}

bool FleetClient::Busy() const { return wire_->context.has_value(); }

void FleetClient::Cancel() {
  if (wire_->context) wire_->context->TryCancel();
}

std::optional<Result<FleetAnswer>> FleetClient::Take() {
  if (!wire_->context) return std::nullopt;
  grpc::Status status;
  {
    const std::lock_guard lock(wire_->mutex);
    if (!wire_->ended) return std::nullopt;
    status = *std::exchange(wire_->ended, std::nullopt);
  }
  wire_->context.reset();
  if (!status.ok()) return Fail(KindOf(status.error_code()), status.error_message());
  return std::visit([](const auto& exchange) { return Read(exchange.response); }, wire_->call);
}

}  // namespace archsweep
