#pragma once

#include "coordinator/authorization.h"
#include "coordinator/query_desk.h"
#include "proto/control.grpc.pb.h"

namespace archsweep {

// What people ask over gRPC: checks the token, hands the request to who can answer it, and returns
// at once. gRPC's threads call it. What it is given outlives it.
class ControlService final : public control::v1::Control::CallbackService {
 public:
  ControlService(QueryDesk& desk, const Authorization& authorization)
      : desk_(desk), authorization_(authorization) {}

  grpc::ServerUnaryReactor* Query(grpc::CallbackServerContext* context,
                                  const control::v1::QueryRequest* request,
                                  control::v1::QueryResponse* response) override;
  grpc::ServerUnaryReactor* ReadLog(grpc::CallbackServerContext* context,
                                    const control::v1::ReadLogRequest* request,
                                    control::v1::ReadLogResponse* response) override;

 private:
  template <class Response, class Ask>
  grpc::ServerUnaryReactor* Read(grpc::CallbackServerContext& context, Response* response, Ask ask);

  QueryDesk& desk_;
  const Authorization& authorization_;
};

}  // namespace archsweep
