#include "tests/fake_trainer/mode.h"

#include <array>
#include <iterator>

#include "base/check.h"
#include "base/text.h"

namespace archsweep {
namespace {

constexpr std::array<const char*, 17> kNames = {
    "finish",   "steps",     "crash",     "exit",       "hang",   "stubborn",
    "flood",    "garbage",   "long-line", "grandchild", "linger", "fail",
    "no-flags", "bad-flags", "rank-dies", "rank-fails", "burn"};

}  // namespace

FakeBehaviour BehaviourOf(const std::string& text, uint64_t seed) {
  if (text.empty()) {
    return {static_cast<FakeMode>(seed / kFakeModeFactor % kNames.size()),
            static_cast<int>(seed % kFakeModeFactor)};
  }
  const std::vector<std::string> words = Split(text, ':');
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (words.front() != kNames[i]) continue;
    const auto amount = words.size() > 1 ? ParseInteger(words[1]) : 0;
    CHECK(amount.has_value());
    return {static_cast<FakeMode>(i), static_cast<int>(*amount)};
  }
  CHECK(!"ARCHSWEEP_FAKE_MODE names a mode");
  return {};
}

}  // namespace archsweep
