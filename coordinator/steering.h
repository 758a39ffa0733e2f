#pragma once

#include "base/result.h"
#include "coordinator/mailbox.h"
#include "coordinator/reply.h"
#include "proto/control.pb.h"

namespace archsweep {

// The one place where the messages of control.proto that steer meet the engine's. What comes in is
// validated: kInvalidInput names the field.

Result<ControlRequest> FromWire(const control::v1::PauseRequest& request);
Result<ControlRequest> FromWire(const control::v1::ResumeRequest& request);
Result<ControlRequest> FromWire(const control::v1::CancelRequest& request);
Result<ControlRequest> FromWire(const control::v1::RetryRequest& request);
Result<ControlRequest> FromWire(const control::v1::DrainRequest& request);
Result<ControlRequest> FromWire(const control::v1::ReleaseRequest& request);
Result<TrialId> FromWire(const control::v1::WhyRequest& request);

// Expands the sweep, which may take seconds.
Result<std::shared_ptr<const ExpandedSweep>> FromWire(const control::v1::SubmitRequest& request);

void Fill(const ControlAnswer& answer, control::v1::SteerResponse& response);
void Fill(const WhyAnswer& answer, control::v1::WhyResponse& response);
// All but the name of the sweep.
void Fill(const SubmitAnswer& answer, control::v1::SubmitResponse& response);

}  // namespace archsweep
