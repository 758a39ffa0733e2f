#pragma once

#include "base/result.h"
#include "proto/fleet.pb.h"
#include "sweep/attempt/exchange.h"

namespace archsweep {

// Of fleet.proto; see there when it is raised.
inline constexpr int kFleetProtocol = 1;

// The one place where wire and domain types meet. What comes in is validated: kInvalidInput names
// the field and its value. A report of another protocol is kDenied.

fleet::v1::RegisterRequest ToWire(const WorkerDescription& description);
Result<WorkerDescription> FromWire(const fleet::v1::RegisterRequest& request);

fleet::v1::SynchronizeRequest ToWire(const WorkerReport& report);
Result<WorkerReport> FromWire(const fleet::v1::SynchronizeRequest& request);

fleet::v1::SynchronizeResponse ToWire(const WorkerOrders& orders);
Result<WorkerOrders> FromWire(const fleet::v1::SynchronizeResponse& response);

}  // namespace archsweep
