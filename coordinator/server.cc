#include "coordinator/server.h"

#include <chrono>

#include <grpc/support/log.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include "base/text.h"

namespace archsweep {
namespace {

// Of a request: the largest is a worker's report of 16 MiB and one line that exceeds it.
constexpr int kRequestBytesMax = 20 << 20;
constexpr size_t kBufferBytesMax = size_t{512} << 20;  // Of all connections together.
constexpr int kMetadataBytesMax = 16 << 10;            // Of a call.
constexpr int kCallsPerConnectionMax = 128;            // At once.
constexpr int kHandshakeMs = 10'000;
constexpr int kIdleConnectionMs = 600'000;
constexpr int kPingIntervalMinMs = 10'000;
constexpr std::chrono::milliseconds kShutdownMs(1'000);

std::shared_ptr<grpc::ServerCredentials> CredentialsOf(
    const std::optional<Certificate>& certificate) {
  if (!certificate) return grpc::InsecureServerCredentials();
  grpc::SslServerCredentialsOptions options;
  options.pem_key_cert_pairs.push_back({certificate->key, certificate->certificate});
  return grpc::SslServerCredentials(options);
}

void Bound(grpc::ServerBuilder& builder) {
  grpc::ResourceQuota quota("archsweep");
  quota.Resize(kBufferBytesMax);
  builder.SetResourceQuota(quota);
  builder.SetMaxReceiveMessageSize(kRequestBytesMax);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMetadataBytesMax);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kCallsPerConnectionMax);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeMs);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, kIdleConnectionMs);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kPingIntervalMinMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  // A port that another program has is an error, and not half of its connections.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
}

}  // namespace

Result<std::unique_ptr<Server>> Server::Start(Engine& engine, const ServerOptions& options) {
  const std::string listen = ToText(options.listen);
  if (!options.certificate && !IsLoopback(options.listen)) {
    return Fail(
        ErrorKind::kInvalidInput,
        Format("{}: can be reached from other machines, where plain text is refused", listen));
  }
  std::unique_ptr<Server> server(new Server(engine, options));
  int port = 0;
  grpc::EnableDefaultHealthCheckService(true);
  // gRPC's own log would let every stranger fill the disk.
  gpr_set_log_function([](gpr_log_func_args*) {});
  grpc::ServerBuilder builder;
  builder.AddListeningPort(listen, CredentialsOf(options.certificate), &port);
  Bound(builder);
  builder.RegisterService(&server->fleet_);
  if (server->control_) builder.RegisterService(&*server->control_);
  server->server_ = builder.BuildAndStart();
  if (!server->server_ || port == 0) {
    return Fail(ErrorKind::kIo,
                Format("{}: the coordinator cannot listen there; another program may have the port",
                       listen));
  }
  server->listens_ = {options.listen.host, port};
  return server;
}

Server::~Server() {
  if (server_) server_->Shutdown(std::chrono::system_clock::now() + kShutdownMs);
}

}  // namespace archsweep
