#pragma once

#include <memory>
#include <string>

#include <grpcpp/server.h>

#include "base/result.h"
#include "coordinator/engine.h"
#include "coordinator/fleet_service.h"

namespace archsweep {

// Listens for workers on the loopback interface of this machine. Ends all calls when destroyed; the
// engine must have ended or still run then, but must be there.
class Server {
 public:
  // `token` is what every call must carry. kIo if no port can be had.
  static Result<std::unique_ptr<Server>> Start(Engine& engine, const std::string& token);
  ~Server();

  // "127.0.0.1:PORT".
  const std::string& Address() const { return address_; }

 private:
  Server(Engine& engine, const std::string& token) : service_(engine, token) {}

  FleetService service_;
  std::string address_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace archsweep
