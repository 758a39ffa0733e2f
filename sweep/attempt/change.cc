#include "sweep/attempt/change.h"

#include "base/text.h"

namespace archsweep {

std::string_view NameOf(SweepState state) {
  switch (state) {
    case SweepState::kActive:
      return "active";
    case SweepState::kPaused:
      return "paused";
    case SweepState::kCancelled:
      return "cancelled";
  }
  return "";
}

Result<SweepState> ParseSweepState(std::string_view name) {
  for (const SweepState state :
       {SweepState::kActive, SweepState::kPaused, SweepState::kCancelled}) {
    if (NameOf(state) == name) return state;
  }
  return Fail(ErrorKind::kInvalidInput, Format("'{}' is not a state of a sweep", name));
}

}  // namespace archsweep
