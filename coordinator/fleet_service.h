#pragma once

#include <atomic>
#include <string>

#include "coordinator/engine.h"
#include "proto/fleet.grpc.pb.h"

namespace archsweep {

// The gRPC side of the coordinator: checks the token, validates, posts to the engine and returns at
// once; the engine answers. gRPC's threads call it. `engine` outlives it.
class FleetService final : public fleet::v1::Fleet::CallbackService {
 public:
  FleetService(Engine& engine, std::string token) : engine_(engine), token_(std::move(token)) {}

  grpc::ServerUnaryReactor* Register(grpc::CallbackServerContext* context,
                                     const fleet::v1::RegisterRequest* request,
                                     fleet::v1::RegisterResponse* response) override;
  grpc::ServerUnaryReactor* Synchronize(grpc::CallbackServerContext* context,
                                        const fleet::v1::SynchronizeRequest* request,
                                        fleet::v1::SynchronizeResponse* response) override;

 private:
  Status Authorize(const grpc::CallbackServerContext& context) const;

  Engine& engine_;
  const std::string token_;
  std::atomic<int64_t> calls_ = 0;
};

}  // namespace archsweep
