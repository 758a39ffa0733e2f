#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include <grpcpp/server.h>

#include "base/result.h"
#include "coordinator/authorization.h"
#include "coordinator/certificate.h"
#include "coordinator/control_service.h"
#include "coordinator/engine.h"
#include "coordinator/fleet_service.h"
#include "proto/access/address.h"

namespace archsweep {

struct ServerOptions {
  Address listen = {"127.0.0.1", 0};
  std::map<Role, std::string> tokens;      // What the callers of each role show.
  std::optional<Certificate> certificate;  // Without one, in plain text and on loopback only.
  QueryDesk* desk = nullptr;  // Answers people, who are not served without it; outlives the server.
};

// Listens for workers and people. Ends all calls when destroyed; the engine must have ended or
// still run then, but must be there.
class Server {
 public:
  // kInvalidInput: plain text beyond this machine. kIo: the port cannot be had.
  static Result<std::unique_ptr<Server>> Start(Engine& engine, const ServerOptions& options);
  ~Server();

  // Where it listens, with the port that it got.
  const Address& Listens() const { return listens_; }

 private:
  Server(Engine& engine, const ServerOptions& options)
      : authorization_(options.tokens), fleet_(engine, authorization_) {
    if (options.desk != nullptr) control_.emplace(engine, *options.desk, authorization_);
  }

  Authorization authorization_;
  FleetService fleet_;
  std::optional<ControlService> control_;
  Address listens_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace archsweep
