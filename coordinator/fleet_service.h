#pragma once

#include <atomic>

#include "coordinator/authorization.h"
#include "coordinator/engine.h"
#include "proto/fleet.grpc.pb.h"

namespace archsweep {

// The gRPC side of the coordinator: checks the token, validates, posts to the engine and returns at
// once; the engine answers. gRPC's threads call it. `engine` and
// `authorization` outlive it.
class FleetService final : public fleet::v1::Fleet::CallbackService {
 public:
  FleetService(Engine& engine, const Authorization& authorization)
      : engine_(engine), authorization_(authorization) {}

  grpc::ServerUnaryReactor* Register(grpc::CallbackServerContext* context,
                                     const fleet::v1::RegisterRequest* request,
                                     fleet::v1::RegisterResponse* response) override;
  grpc::ServerUnaryReactor* Synchronize(grpc::CallbackServerContext* context,
                                        const fleet::v1::SynchronizeRequest* request,
                                        fleet::v1::SynchronizeResponse* response) override;

 private:
  Engine& engine_;
  const Authorization& authorization_;
  std::atomic<int64_t> calls_ = 0;
};

}  // namespace archsweep
