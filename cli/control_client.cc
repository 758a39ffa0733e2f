#include "cli/control_client.h"

#include <chrono>
#include <utility>

#include "base/text.h"
#include "proto/access/channel.h"

namespace archsweep {

Result<ControlClient> ControlClient::To(const Access& access) {
  TRY_ASSIGN(const auto channel, Connect(access));
  return ControlClient(control::v1::Control::NewStub(channel), access);
}

ControlClient::ControlClient(std::unique_ptr<Stub> stub, const Access& access)
    : stub_(std::move(stub)),
      authorization_(AuthorizationOf(access)),
      where_(Join(access.addresses, ", ")) {}

template <class Request, class Response>
Result<Response> ControlClient::Call(grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                                  const Request&, Response*),
                                     const Request& request, int64_t timeout_ms) {
  grpc::ClientContext context;
  context.AddMetadata(kAuthorizationKey, authorization_);
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::milliseconds(timeout_ms + kAnswerMs));
  Response response;
  const grpc::Status status = (stub_.get()->*method)(&context, request, &response);
  if (status.ok()) return response;
  const ErrorKind kind = KindOf(status.error_code());
  const bool is_of_the_call = kind != ErrorKind::kUnavailable && kind != ErrorKind::kDenied;
  if (is_of_the_call) return Fail(kind, status.error_message());
  return Fail(kind, Format("coordinator at {}: {}", where_, status.error_message()));
}

Result<control::v1::QueryResponse> ControlClient::Query(const control::v1::QueryRequest& request,
                                                        int64_t timeout_ms) {
  return Call(&Stub::Query, request, timeout_ms);
}

Result<control::v1::ReadLogResponse> ControlClient::ReadLog(
    const control::v1::ReadLogRequest& request) {
  return Call(&Stub::ReadLog, request, 0);
}

}  // namespace archsweep
