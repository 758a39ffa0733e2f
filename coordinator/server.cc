#include "coordinator/server.h"

#include <chrono>

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include "base/text.h"

namespace archsweep {
namespace {

constexpr int kMessageBytesMax = 64 << 20;
constexpr int kPingIntervalMinMs = 10'000;
constexpr std::chrono::milliseconds kShutdownMs(1'000);

}  // namespace

Result<std::unique_ptr<Server>> Server::Start(Engine& engine, const std::string& token) {
  std::unique_ptr<Server> server(new Server(engine, token));
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.SetMaxReceiveMessageSize(kMessageBytesMax);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kPingIntervalMinMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.RegisterService(&server->service_);
  server->server_ = builder.BuildAndStart();
  if (!server->server_ || port == 0) {
    return Fail(ErrorKind::kIo, "no port of 127.0.0.1 can be opened for the coordinator");
  }
  server->address_ = Format("127.0.0.1:{}", port);
  return server;
}

Server::~Server() {
  if (server_) server_->Shutdown(std::chrono::system_clock::now() + kShutdownMs);
}

}  // namespace archsweep
