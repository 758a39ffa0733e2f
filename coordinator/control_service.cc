#include "coordinator/control_service.h"

#include <memory>
#include <utility>

#include "coordinator/call.h"

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

}  // namespace

// `ask` gives the answer on a thread of the desk.
template <class Response, class Ask>
grpc::ServerUnaryReactor* ControlService::Read(grpc::CallbackServerContext& context,
                                               Response* response, Ask ask) {
  grpc::ServerUnaryReactor* const reactor = context.DefaultReactor();
  if (const auto refused = Refused(authorization_, context, {Role::kUser, Role::kReadOnly})) {
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

grpc::ServerUnaryReactor* ControlService::Query(grpc::CallbackServerContext* context,
                                                const control::v1::QueryRequest* request,
                                                control::v1::QueryResponse* response) {
  return Read(*context, response, [this, request] { return desk_.Query(*request); });
}

grpc::ServerUnaryReactor* ControlService::ReadLog(grpc::CallbackServerContext* context,
                                                  const control::v1::ReadLogRequest* request,
                                                  control::v1::ReadLogResponse* response) {
  return Read(*context, response, [this, request] { return desk_.ReadLog(*request); });
}

}  // namespace archsweep
