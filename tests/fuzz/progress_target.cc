#include <string>

#include "base/check.h"
#include "sweep/attempt/progress.h"
#include "tests/fuzz/targets.h"

namespace archsweep {

void FuzzProgress(std::string_view bytes) {
  const auto line = ParseProgress(bytes);
  if (!line) return CHECK(!line.error().message.empty());
  const std::string text = ToText(*line);
  const auto again = ParseProgress(text);
  CHECK(again.has_value());
  // The texts are compared, for a loss that is not a number differs from itself.
  CHECK(ToText(*again) == text);
}

}  // namespace archsweep
