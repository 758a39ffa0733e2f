// What libFuzzer calls. ARCHSWEEP_FUZZ_TARGET is the name of the target that the program is for.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/check.h"
#include "tests/fuzz/targets.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const archsweep::FuzzTarget target = [] {
    const auto targets = archsweep::FuzzTargets();
    const auto found =
        std::ranges::find(targets, ARCHSWEEP_FUZZ_TARGET, &archsweep::FuzzTarget::name);
    CHECK(found != targets.end());
    return *found;
  }();
  target.run({reinterpret_cast<const char*>(data), size});
  return 0;
}
