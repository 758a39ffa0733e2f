#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "proto/access/access.h"
#include "proto/control.grpc.pb.h"

namespace archsweep {

inline constexpr int64_t kAnswerMs = 15'000;  // For an answer, over what it is allowed to take.

// Asks a coordinator, and waits for its answer. kUnavailable: it cannot be reached, or does not
// answer in time; kDenied: it refuses the token or the role; other errors are those of what is
// asked. One thread.
class ControlClient {
 public:
  // The errors are those of Connect.
  static Result<ControlClient> To(const Access& access);

  Result<control::v1::QueryResponse> Query(const control::v1::QueryRequest& request,
                                           int64_t timeout_ms);
  Result<control::v1::ReadLogResponse> ReadLog(const control::v1::ReadLogRequest& request);
  Result<control::v1::SteerResponse> Pause(const control::v1::PauseRequest& request);
  Result<control::v1::SteerResponse> Resume(const control::v1::ResumeRequest& request);
  Result<control::v1::SteerResponse> Cancel(const control::v1::CancelRequest& request);
  Result<control::v1::SteerResponse> Retry(const control::v1::RetryRequest& request);
  Result<control::v1::SteerResponse> Drain(const control::v1::DrainRequest& request);
  Result<control::v1::SteerResponse> Release(const control::v1::ReleaseRequest& request);
  Result<control::v1::CollectGarbageResponse> CollectGarbage(
      const control::v1::CollectGarbageRequest& request, int64_t timeout_ms);
  Result<control::v1::WhyResponse> Why(const control::v1::WhyRequest& request);
  Result<control::v1::SubmitResponse> Submit(const control::v1::SubmitRequest& request,
                                             int64_t timeout_ms);

 private:
  using Stub = control::v1::Control::Stub;

  ControlClient(std::unique_ptr<Stub> stub, const Access& access);

  template <class Request, class Response>
  Result<Response> Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                     Response*),
                        const Request& request, int64_t timeout_ms);

  std::unique_ptr<Stub> stub_;
  std::string authorization_;
  std::string where_;
};

}  // namespace archsweep
