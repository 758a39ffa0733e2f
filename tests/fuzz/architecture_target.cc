#include "base/check.h"
#include "sweep/language/read_architecture.h"
#include "tests/fuzz/targets.h"

namespace archsweep {

void FuzzArchitecture(std::string_view bytes) {
  constexpr int kImageSize = 32;
  const auto read = ReadArchitecture(bytes, kImageSize);
  if (!read) return CHECK(!read.error().message.empty());
  const auto again = ParseArchitecture(ToJson(*read));
  CHECK(again.has_value());
  CHECK(ToJson(*again) == ToJson(*read));
}

}  // namespace archsweep
