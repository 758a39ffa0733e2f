#include "worker/agent/fleet_client.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

#include <grpcpp/create_channel.h>

#include "base/check.h"
#include "base/text.h"
#include "proto/convert.h"
#include "proto/fleet.grpc.pb.h"

namespace archsweep {
namespace {

using fleet::v1::Fleet;
using fleet::v1::RegisterRequest;
using fleet::v1::RegisterResponse;
using fleet::v1::SynchronizeRequest;
using fleet::v1::SynchronizeResponse;

constexpr int kKeepaliveTimeMs = 20'000;
constexpr int kKeepaliveTimeoutMs = 10'000;
constexpr int kReconnectMinMs = 200;
constexpr int kReconnectMaxMs = 2'000;
constexpr int64_t kLeaseMsMax = 24 * 3'600'000;

std::shared_ptr<grpc::Channel> Connect(const std::string& coordinator) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveTimeMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kReconnectMinMs);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kReconnectMinMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kReconnectMaxMs);
  // A proxy of the environment is for the web; the coordinator is a machine nearby.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetMaxReceiveMessageSize(kMessageBytesMax);
  return grpc::CreateCustomChannel(coordinator, grpc::InsecureChannelCredentials(), arguments);
}

ErrorKind KindOf(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::NOT_FOUND:
      return ErrorKind::kNotFound;
    case grpc::StatusCode::UNAUTHENTICATED:
    case grpc::StatusCode::PERMISSION_DENIED:
      return ErrorKind::kDenied;
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::FAILED_PRECONDITION:
    case grpc::StatusCode::UNIMPLEMENTED:
      return ErrorKind::kInvalidInput;
    case grpc::StatusCode::CANCELLED:
      return ErrorKind::kInterrupted;
    default:
      return ErrorKind::kUnavailable;
  }
}

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

  Wire(const std::string& coordinator, const std::string& bearer, const WakeEvent& wake_event)
      : stub(Fleet::NewStub(Connect(coordinator))), token(bearer), wake(wake_event) {}

  // Begins a call of `method`, whose messages are in `call`.
  template <class Request, class Response, class Method>
  void Begin(Request request, int64_t hold_ms, Method method) {
    CHECK(!context);
    context.emplace();
    context->AddMetadata("authorization", "Bearer " + token);
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
  const std::string token;
  const WakeEvent& wake;
  std::optional<grpc::ClientContext> context;  // Present from the begin of a call until Take.
  Call call;
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<grpc::Status> ended;  // Guarded by the mutex.
};

FleetClient::FleetClient(const std::string& coordinator, const std::string& token,
                         const WakeEvent& wake)
    : wire_(std::make_unique<Wire>(coordinator, token, wake)) {}

FleetClient::~FleetClient() {
  if (!wire_->context) return;
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
