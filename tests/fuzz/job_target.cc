#include "sweep/attempt/job.h"

#include "base/canonical_json.h"
#include "base/check.h"
#include "tests/fuzz/targets.h"

namespace archsweep {

void FuzzJob(std::string_view bytes) {
  const auto json = ParseJson(bytes);
  if (!json) return;
  const auto read = ParseJob(*json);
  if (!read) return CHECK(!read.error().message.empty());
  const std::string text = CanonicalText(ToJson(*read));
  const auto again = ParseJson(text).and_then(ParseJob);
  CHECK(again.has_value());
  CHECK(CanonicalText(ToJson(*again)) == text);
}

}  // namespace archsweep
