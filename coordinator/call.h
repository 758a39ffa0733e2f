#pragma once

#include <initializer_list>
#include <optional>

#include <grpcpp/server_context.h>

#include "base/result.h"
#include "coordinator/authorization.h"

namespace archsweep {

// What the services have in common.

// How a call ends by an error.
grpc::Status ToGrpc(const Error& error);

// How a call ends whose caller is not of one of `roles`: UNAUTHENTICATED where it shows no token
// that is known, else PERMISSION_DENIED. Nothing if it is.
std::optional<grpc::Status> Refused(const Authorization& authorization,
                                    const grpc::CallbackServerContext& context,
                                    std::initializer_list<Role> roles);

}  // namespace archsweep
