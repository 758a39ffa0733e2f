#include "coordinator/call.h"

#include <string_view>

#include "proto/access/channel.h"

namespace archsweep {
namespace {

grpc::StatusCode CodeOf(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInvalidInput:
      return grpc::StatusCode::INVALID_ARGUMENT;
    case ErrorKind::kNotFound:
      return grpc::StatusCode::NOT_FOUND;
    case ErrorKind::kBusy:
      return grpc::StatusCode::RESOURCE_EXHAUSTED;
    case ErrorKind::kDenied:
      return grpc::StatusCode::PERMISSION_DENIED;
    case ErrorKind::kUnavailable:
    case ErrorKind::kInterrupted:
      return grpc::StatusCode::UNAVAILABLE;
    case ErrorKind::kCorrupt:
    case ErrorKind::kIo:
    case ErrorKind::kDiskFull:
      return grpc::StatusCode::INTERNAL;
  }
  return grpc::StatusCode::UNKNOWN;
}

}  // namespace

grpc::Status ToGrpc(const Error& error) { return {CodeOf(error.kind), error.message}; }

std::optional<grpc::Status> Refused(const Authorization& authorization,
                                    const grpc::CallbackServerContext& context,
                                    std::initializer_list<Role> roles) {
  const auto& metadata = context.client_metadata();
  const auto shown = metadata.find(kAuthorizationKey);
  const auto refusal = authorization.Refuse(
      shown == metadata.end() ? std::string_view()
                              : std::string_view(shown->second.data(), shown->second.size()),
      roles);
  if (!refusal) return std::nullopt;
  return grpc::Status(refusal->unauthenticated ? grpc::StatusCode::UNAUTHENTICATED
                                               : grpc::StatusCode::PERMISSION_DENIED,
                      refusal->message);
}

}  // namespace archsweep
