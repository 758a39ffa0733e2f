#pragma once

#include <memory>

#include <grpcpp/channel.h>

#include "base/result.h"
#include "proto/access/access.h"

namespace archsweep {

// The name that every coordinator's certificate has. Clients expect it instead of the name that
// they connect to, so that a coordinator can be reached by any address, also through a tunnel; its
// authority signs for nobody else.
inline constexpr const char* kCoordinatorName = "archsweep-coordinator";

inline constexpr int kMessageBytesMax = 64 << 20;  // Either way.

// A channel that connects on demand and again whenever it has to, at the first address that
// answers. kDenied: the access has no authority, and an address that is not of this machine.
Result<std::shared_ptr<grpc::Channel>> Connect(const Access& access);

// What a call shows: "Bearer TOKEN" under kAuthorizationKey.
inline constexpr const char* kAuthorizationKey = "authorization";
std::string AuthorizationOf(const Access& access);

// What the end of a call means. kNotFound, kDenied and kInvalidInput are the caller's; of all
// others that can be tried again it is kUnavailable.
ErrorKind KindOf(grpc::StatusCode code);

}  // namespace archsweep
