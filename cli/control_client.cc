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

Result<control::v1::SteerResponse> ControlClient::Pause(const control::v1::PauseRequest& request) {
  return Call(&Stub::Pause, request, 0);
}

Result<control::v1::SteerResponse> ControlClient::Resume(
    const control::v1::ResumeRequest& request) {
  return Call(&Stub::Resume, request, 0);
}

Result<control::v1::SteerResponse> ControlClient::Cancel(
    const control::v1::CancelRequest& request) {
  return Call(&Stub::Cancel, request, 0);
}

Result<control::v1::SteerResponse> ControlClient::Retry(const control::v1::RetryRequest& request) {
  return Call(&Stub::Retry, request, 0);
}

Result<control::v1::SteerResponse> ControlClient::Drain(const control::v1::DrainRequest& request) {
  return Call(&Stub::Drain, request, 0);
}

Result<control::v1::SteerResponse> ControlClient::Release(
    const control::v1::ReleaseRequest& request) {
  return Call(&Stub::Release, request, 0);
}

Result<control::v1::CollectGarbageResponse> ControlClient::CollectGarbage(
    const control::v1::CollectGarbageRequest& request, int64_t timeout_ms) {
  return Call(&Stub::CollectGarbage, request, timeout_ms);
}

Result<control::v1::WhyResponse> ControlClient::Why(const control::v1::WhyRequest& request) {
  return Call(&Stub::Why, request, 0);
}

Result<control::v1::SubmitResponse> ControlClient::Submit(const control::v1::SubmitRequest& request,
                                                          int64_t timeout_ms) {
  return Call(&Stub::Submit, request, timeout_ms);
}

}  // namespace archsweep
