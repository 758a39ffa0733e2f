#include "coordinator/control_service.h"

#include <memory>
#include <utility>

#include "coordinator/call.h"
#include "coordinator/steering.h"

namespace archsweep {
namespace {

// A call that is answered elsewhere: finished once, at the latest when it is dropped there.
class PendingCall {
 public:
  explicit PendingCall(grpc::ServerUnaryReactor* reactor) : reactor_(reactor) {}
  PendingCall(const PendingCall&) = delete;
  PendingCall& operator=(const PendingCall&) = delete;
  ~PendingCall() { Finish({grpc::StatusCode::UNAVAILABLE, "the coordinator is stopping"}); }

  void Finish(const grpc::Status& status) {
    if (auto* const reactor = std::exchange(reactor_, nullptr)) reactor->Finish(status);
  }

 private:
  grpc::ServerUnaryReactor* reactor_;
};

// The answer of the engine to a call.
template <class Answer, class Response>
class EngineReply final : public Reply<Answer> {
 public:
  EngineReply(std::shared_ptr<PendingCall> call, Response* response)
      : call_(std::move(call)), response_(response) {}
  void Send(Result<Answer> answer) override {
    if (answer) Fill(*answer, *response_);
    call_->Finish(answer ? grpc::Status::OK : ToGrpc(answer.error()));
  }

 private:
  std::shared_ptr<PendingCall> call_;
  Response* response_;
};

// Ends the call where the engine takes no more.
void PostTo(Engine& engine, Message message, const std::shared_ptr<PendingCall>& call) {
  if (engine.Post(message)) return;
  call->Finish(ToGrpc({ErrorKind::kBusy, "the coordinator has too much to do; try again later"}));
}

}  // namespace

// `ask` gives the answer on a thread of the desk.
template <class Response, class Ask>
grpc::ServerUnaryReactor* ControlService::AskDesk(grpc::CallbackServerContext& context,
                                                  std::initializer_list<Role> roles,
                                                  Response* response, Ask ask) {
  grpc::ServerUnaryReactor* const reactor = context.DefaultReactor();
  if (const auto refused = Refused(authorization_, context, roles)) {
    reactor->Finish(*refused);
    return reactor;
  }
  const auto call = std::make_shared<PendingCall>(reactor);
  const bool taken = desk_.Post([call, response, ask, &context] {
    if (context.IsCancelled()) return;
    Result<Response> answer = ask();
    if (answer) *response = *std::move(answer);
    call->Finish(answer ? grpc::Status::OK : ToGrpc(answer.error()));
  });
  if (!taken) {
    call->Finish(ToGrpc({ErrorKind::kBusy, "too many questions wait; try again later"}));
  }
  return reactor;
}

template <class Request>
grpc::ServerUnaryReactor* ControlService::Steer(grpc::CallbackServerContext& context,
                                                const Request& request,
                                                control::v1::SteerResponse* response) {
  grpc::ServerUnaryReactor* const reactor = context.DefaultReactor();
  const auto call = std::make_shared<PendingCall>(reactor);
  if (const auto refused = Refused(authorization_, context, {Role::kUser})) {
    call->Finish(*refused);
    return reactor;
  }
  auto asked = FromWire(request);
  if (!asked) {
    call->Finish(ToGrpc(asked.error()));
    return reactor;
  }
  using SteerReply = EngineReply<ControlAnswer, control::v1::SteerResponse>;
  PostTo(engine_, ControlCall{*std::move(asked), std::make_unique<SteerReply>(call, response)},
         call);
  return reactor;
}

grpc::ServerUnaryReactor* ControlService::Query(grpc::CallbackServerContext* context,
                                                const control::v1::QueryRequest* request,
                                                control::v1::QueryResponse* response) {
  return AskDesk(*context, {Role::kUser, Role::kReadOnly}, response,
                 [this, request] { return desk_.Query(*request); });
}

grpc::ServerUnaryReactor* ControlService::ReadLog(grpc::CallbackServerContext* context,
                                                  const control::v1::ReadLogRequest* request,
                                                  control::v1::ReadLogResponse* response) {
  return AskDesk(*context, {Role::kUser, Role::kReadOnly}, response,
                 [this, request] { return desk_.ReadLog(*request); });
}

grpc::ServerUnaryReactor* ControlService::Pause(grpc::CallbackServerContext* context,
                                                const control::v1::PauseRequest* request,
                                                control::v1::SteerResponse* response) {
  return Steer(*context, *request, response);
}

grpc::ServerUnaryReactor* ControlService::Resume(grpc::CallbackServerContext* context,
                                                 const control::v1::ResumeRequest* request,
                                                 control::v1::SteerResponse* response) {
  return Steer(*context, *request, response);
}

grpc::ServerUnaryReactor* ControlService::Cancel(grpc::CallbackServerContext* context,
                                                 const control::v1::CancelRequest* request,
                                                 control::v1::SteerResponse* response) {
  return Steer(*context, *request, response);
}

grpc::ServerUnaryReactor* ControlService::Retry(grpc::CallbackServerContext* context,
                                                const control::v1::RetryRequest* request,
                                                control::v1::SteerResponse* response) {
  return Steer(*context, *request, response);
}

grpc::ServerUnaryReactor* ControlService::Drain(grpc::CallbackServerContext* context,
                                                const control::v1::DrainRequest* request,
                                                control::v1::SteerResponse* response) {
  return Steer(*context, *request, response);
}

grpc::ServerUnaryReactor* ControlService::Release(grpc::CallbackServerContext* context,
                                                  const control::v1::ReleaseRequest* request,
                                                  control::v1::SteerResponse* response) {
  return Steer(*context, *request, response);
}

grpc::ServerUnaryReactor* ControlService::CollectGarbage(
    grpc::CallbackServerContext* context, const control::v1::CollectGarbageRequest* request,
    control::v1::CollectGarbageResponse* response) {
  return AskDesk(*context, {Role::kUser}, response, [this, request, context] {
    return desk_.CollectGarbage(*request, [context] { return context->IsCancelled(); });
  });
}

grpc::ServerUnaryReactor* ControlService::Why(grpc::CallbackServerContext* context,
                                              const control::v1::WhyRequest* request,
                                              control::v1::WhyResponse* response) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  const auto call = std::make_shared<PendingCall>(reactor);
  if (const auto refused = Refused(authorization_, *context, {Role::kUser, Role::kReadOnly})) {
    call->Finish(*refused);
    return reactor;
  }
  const auto trial = FromWire(*request);
  if (!trial) {
    call->Finish(ToGrpc(trial.error()));
    return reactor;
  }
  using Answer = EngineReply<WhyAnswer, control::v1::WhyResponse>;
  PostTo(engine_, WhyCall{*trial, std::make_unique<Answer>(call, response)}, call);
  return reactor;
}

// The sweep is expanded on a thread of the desk, for that takes its time.
grpc::ServerUnaryReactor* ControlService::Submit(grpc::CallbackServerContext* context,
                                                 const control::v1::SubmitRequest* request,
                                                 control::v1::SubmitResponse* response) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  const auto call = std::make_shared<PendingCall>(reactor);
  if (const auto refused = Refused(authorization_, *context, {Role::kUser})) {
    call->Finish(*refused);
    return reactor;
  }
  const bool taken = desk_.Post([this, call, request, response] {
    auto sweep = FromWire(*request);
    if (!sweep) return call->Finish(ToGrpc(sweep.error()));
    response->set_sweep((*sweep)->name);
    using Answer = EngineReply<SubmitAnswer, control::v1::SubmitResponse>;
    PostTo(engine_,
           SubmitCall{.sweep = *std::move(sweep),
                      .dry_run = request->dry_run(),
                      .reply = std::make_unique<Answer>(call, response)},
           call);
  });
  if (!taken) call->Finish(ToGrpc({ErrorKind::kBusy, "too many questions wait; try again later"}));
  return reactor;
}

}  // namespace archsweep
