#include "coordinator/fleet_service.h"

#include <utility>

#include "coordinator/call.h"
#include "proto/convert.h"

namespace archsweep {
namespace {

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
    End(answer ? grpc::Status::OK : ToGrpc(answer.error()));
  }
  void End(const grpc::Status& status) { std::exchange(reactor_, nullptr)->Finish(status); }

 private:
  grpc::ServerUnaryReactor* reactor_;
  Response* response_;
};

constexpr const char* kMailboxFull = "the coordinator has too much to do; call again";

}  // namespace

grpc::ServerUnaryReactor* FleetService::Register(grpc::CallbackServerContext* context,
                                                 const fleet::v1::RegisterRequest* request,
                                                 fleet::v1::RegisterResponse* response) {
  auto* reactor = new CallReactor(engine_, ++calls_);
  auto reply =
      std::make_unique<WireReply<RegisterAnswer, fleet::v1::RegisterResponse>>(reactor, response);
  if (const auto refused = Refused(authorization_, *context, {Role::kWorker})) {
    reply->End(*refused);
    return reactor;
  }
  auto description = FromWire(*request);
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
  if (const auto refused = Refused(authorization_, *context, {Role::kWorker})) {
    reply->End(*refused);
    return reactor;
  }
  auto report = FromWire(*request);
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
