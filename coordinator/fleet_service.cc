#include "coordinator/fleet_service.h"

#include <utility>

#include "proto/convert.h"

namespace archsweep {
namespace {

grpc::StatusCode CodeOf(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInvalidInput:
      return grpc::StatusCode::INVALID_ARGUMENT;
    case ErrorKind::kNotFound:
      return grpc::StatusCode::NOT_FOUND;
    case ErrorKind::kBusy:
      return grpc::StatusCode::RESOURCE_EXHAUSTED;
    case ErrorKind::kDenied:
      return grpc::StatusCode::UNAUTHENTICATED;
    case ErrorKind::kUnavailable:
    case ErrorKind::kInterrupted:
      return grpc::StatusCode::UNAVAILABLE;
    case ErrorKind::kCorrupt:
    case ErrorKind::kIo:
      return grpc::StatusCode::INTERNAL;
  }
  return grpc::StatusCode::UNKNOWN;
}

grpc::Status ToGrpc(const Error& error) { return {CodeOf(error.kind), error.message}; }

// One call under way. gRPC ends its life after Finish; `on_cancel` runs at most once, on a thread
// of gRPC.
class CallReactor final : public grpc::ServerUnaryReactor {
 public:
  CallReactor(Engine& engine, int64_t call) : engine_(engine), call_(call) {}

 private:
  void OnDone() override { delete this; }
  void OnCancel() override {
    Message cancelled = CallCancelled{call_};
    // With a full mailbox the call ends when its hold time does.
    engine_.Post(cancelled);
  }

  Engine& engine_;
  const int64_t call_;
};

void Fill(const RegisterAnswer& answer, fleet::v1::RegisterResponse& response) {
  response.set_lease_ms(answer.lease_ms);
}
void Fill(const WorkerOrders& orders, fleet::v1::SynchronizeResponse& response) {
  response = ToWire(orders);
}

// Finishes a call exactly once: by Send, or when it goes.
template <class Answer, class Response>
class WireReply final : public Reply<Answer> {
 public:
  WireReply(grpc::ServerUnaryReactor* reactor, Response* response)
      : reactor_(reactor), response_(response) {}
  ~WireReply() override {
    if (reactor_) reactor_->Finish({grpc::StatusCode::UNAVAILABLE, "the coordinator is stopping"});
  }
  void Send(Result<Answer> answer) override {
    if (answer) Fill(*answer, *response_);
    std::exchange(reactor_, nullptr)->Finish(answer ? grpc::Status::OK : ToGrpc(answer.error()));
  }

 private:
  grpc::ServerUnaryReactor* reactor_;
  Response* response_;
};

// Compares in a time that depends on the lengths only.
bool EqualSecrets(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned char difference = 0;
  for (size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned char>(a[i] ^ b[i]);
  return difference == 0;
}

constexpr const char* kMailboxFull = "the coordinator has too much to do; call again";

}  // namespace

Status FleetService::Authorize(const grpc::CallbackServerContext& context) const {
  const auto& metadata = context.client_metadata();
  const auto found = metadata.find("authorization");
  const std::string expected = "Bearer " + token_;
  if (found != metadata.end() &&
      EqualSecrets({found->second.data(), found->second.size()}, expected))
    return {};
  return Fail(ErrorKind::kDenied, "the call carries no valid token");
}

grpc::ServerUnaryReactor* FleetService::Register(grpc::CallbackServerContext* context,
                                                 const fleet::v1::RegisterRequest* request,
                                                 fleet::v1::RegisterResponse* response) {
  auto* reactor = new CallReactor(engine_, ++calls_);
  auto reply =
      std::make_unique<WireReply<RegisterAnswer, fleet::v1::RegisterResponse>>(reactor, response);
  auto description = Authorize(*context).and_then([&] { return FromWire(*request); });
  if (!description) {
    reply->Send(tl::unexpected(description.error()));
    return reactor;
  }
  Message message = RegisterCall{*std::move(description), std::move(reply)};
  if (!engine_.Post(message))
    std::get<RegisterCall>(message).reply->Send(Fail(ErrorKind::kBusy, kMailboxFull));
  return reactor;
}

grpc::ServerUnaryReactor* FleetService::Synchronize(grpc::CallbackServerContext* context,
                                                    const fleet::v1::SynchronizeRequest* request,
                                                    fleet::v1::SynchronizeResponse* response) {
  const int64_t call = ++calls_;
  auto* reactor = new CallReactor(engine_, call);
  auto reply =
      std::make_unique<WireReply<WorkerOrders, fleet::v1::SynchronizeResponse>>(reactor, response);
  auto report = Authorize(*context).and_then([&] { return FromWire(*request); });
  if (!report) {
    reply->Send(tl::unexpected(report.error()));
    return reactor;
  }
  Message message = SynchronizeCall{call, *std::move(report), std::move(reply)};
  if (!engine_.Post(message))
    std::get<SynchronizeCall>(message).reply->Send(Fail(ErrorKind::kBusy, kMailboxFull));
  return reactor;
}

}  // namespace archsweep
