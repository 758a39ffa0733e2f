#include "proto/access/channel.h"

#include <arpa/inet.h>

#include <algorithm>

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include "base/text.h"
#include "proto/access/address.h"

namespace archsweep {
namespace {

constexpr int kKeepaliveTimeMs = 20'000;
constexpr int kKeepaliveTimeoutMs = 10'000;
constexpr int kReconnectFirstMs = 200;
constexpr int kReconnectMaxMs = 2'000;
constexpr int kConnectTimeoutMs = 5'000;  // Of one attempt; a refused one ends at once.

grpc::ChannelArguments Arguments(bool encrypted) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveTimeMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kReconnectFirstMs);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectTimeoutMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kReconnectMaxMs);
  // Connections are shared by nothing else in the process, so that a new access is a new start.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // A proxy of the environment is for the web; the coordinator is a machine nearby.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetMaxReceiveMessageSize(kMessageBytesMax);
  if (encrypted) arguments.SetSslTargetNameOverride(kCoordinatorName);
  return arguments;
}

// gRPC takes several addresses only where all are numbers of one kind; else the first stands for
// all.
std::string TargetOf(const std::vector<std::string>& addresses) {
  const auto is_number = [](const std::string& text) {
    in_addr number{};
    const auto address = ParseAddress(text);
    return address && inet_pton(AF_INET, address->host.c_str(), &number) == 1;
  };
  if (addresses.size() > 1 && std::ranges::all_of(addresses, is_number)) {
    return "ipv4:" + Join(addresses, ",");
  }
  return addresses.front();
}

}  // namespace

Result<std::shared_ptr<grpc::Channel>> Connect(const Access& access) {
  const bool encrypted = !access.authority.empty();
  for (const std::string& text : access.addresses) {
    TRY_ASSIGN(const Address address, ParseAddress(text));
    if (encrypted || IsLoopback(address)) continue;
    return Fail(ErrorKind::kDenied,
                Format("{}: is on another machine, and without an authority the token would "
                       "cross the network in plain text",
                       text));
  }
  auto credentials =
      encrypted
          ? grpc::SslCredentials(
                {.pem_root_certs = access.authority, .pem_private_key = "", .pem_cert_chain = ""})
          : grpc::InsecureChannelCredentials();
  return grpc::CreateCustomChannel(TargetOf(access.addresses), credentials, Arguments(encrypted));
}

std::string AuthorizationOf(const Access& access) { return "Bearer " + access.token; }

ErrorKind KindOf(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::NOT_FOUND:
      return ErrorKind::kNotFound;
    case grpc::StatusCode::UNAUTHENTICATED:
    case grpc::StatusCode::PERMISSION_DENIED:
      return ErrorKind::kDenied;
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::FAILED_PRECONDITION:
    case grpc::StatusCode::UNIMPLEMENTED:
      return ErrorKind::kInvalidInput;
    case grpc::StatusCode::CANCELLED:
      return ErrorKind::kInterrupted;
    default:
      return ErrorKind::kUnavailable;
  }
}

}  // namespace archsweep
