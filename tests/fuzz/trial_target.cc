#include "sweep/trial/trial.h"

#include "base/canonical_json.h"
#include "base/check.h"
#include "tests/fuzz/targets.h"

namespace archsweep {

void FuzzTrial(std::string_view bytes) {
  const auto json = ParseJson(bytes);
  if (!json) return;
  const auto read = ParseTrial(*json);
  if (!read) return CHECK(!read.error().message.empty());
  const std::string text = CanonicalText(ToJson(*read));
  CHECK(text == CanonicalText(*json));
}

}  // namespace archsweep
