#pragma once

#include <initializer_list>

#include "coordinator/authorization.h"
#include "coordinator/engine.h"
#include "coordinator/query_desk.h"
#include "proto/control.grpc.pb.h"

namespace archsweep {

// What people ask over gRPC: checks the token, hands the request to who can answer it, and returns
// at once. gRPC's threads call it. What it is given outlives it.
class ControlService final : public control::v1::Control::CallbackService {
 public:
  ControlService(Engine& engine, QueryDesk& desk, const Authorization& authorization)
      : engine_(engine), desk_(desk), authorization_(authorization) {}

  grpc::ServerUnaryReactor* Query(grpc::CallbackServerContext* context,
                                  const control::v1::QueryRequest* request,
                                  control::v1::QueryResponse* response) override;
  grpc::ServerUnaryReactor* ReadLog(grpc::CallbackServerContext* context,
                                    const control::v1::ReadLogRequest* request,
                                    control::v1::ReadLogResponse* response) override;
  grpc::ServerUnaryReactor* Submit(grpc::CallbackServerContext* context,
                                   const control::v1::SubmitRequest* request,
                                   control::v1::SubmitResponse* response) override;
  grpc::ServerUnaryReactor* Pause(grpc::CallbackServerContext* context,
                                  const control::v1::PauseRequest* request,
                                  control::v1::SteerResponse* response) override;
  grpc::ServerUnaryReactor* Resume(grpc::CallbackServerContext* context,
                                   const control::v1::ResumeRequest* request,
                                   control::v1::SteerResponse* response) override;
  grpc::ServerUnaryReactor* Cancel(grpc::CallbackServerContext* context,
                                   const control::v1::CancelRequest* request,
                                   control::v1::SteerResponse* response) override;
  grpc::ServerUnaryReactor* Retry(grpc::CallbackServerContext* context,
                                  const control::v1::RetryRequest* request,
                                  control::v1::SteerResponse* response) override;
  grpc::ServerUnaryReactor* Drain(grpc::CallbackServerContext* context,
                                  const control::v1::DrainRequest* request,
                                  control::v1::SteerResponse* response) override;
  grpc::ServerUnaryReactor* Release(grpc::CallbackServerContext* context,
                                    const control::v1::ReleaseRequest* request,
                                    control::v1::SteerResponse* response) override;
  grpc::ServerUnaryReactor* CollectGarbage(grpc::CallbackServerContext* context,
                                           const control::v1::CollectGarbageRequest* request,
                                           control::v1::CollectGarbageResponse* response) override;
  grpc::ServerUnaryReactor* Why(grpc::CallbackServerContext* context,
                                const control::v1::WhyRequest* request,
                                control::v1::WhyResponse* response) override;

 private:
  template <class Response, class Ask>
  grpc::ServerUnaryReactor* AskDesk(grpc::CallbackServerContext& context,
                                    std::initializer_list<Role> roles, Response* response, Ask ask);
  template <class Request>
  grpc::ServerUnaryReactor* Steer(grpc::CallbackServerContext& context, const Request& request,
                                  control::v1::SteerResponse* response);

  Engine& engine_;
  QueryDesk& desk_;
  const Authorization& authorization_;
};

}  // namespace archsweep
