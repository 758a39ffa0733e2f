#include <optional>
#include <string>

#include "base/check.h"
#include "base/text.h"
#include "sweep/language/expansion.h"
#include "sweep/language/include.h"
#include "sweep/language/points.h"
#include "tests/fuzz/targets.h"

namespace archsweep {
namespace {

// A few bytes can ask for kTrialsMax points, which is legal but slow; the presets have fewer than
// this.
constexpr int64_t kPointsMax = 1000;

}  // namespace

// Reads the file without its points.
bool HasFewPoints(std::string_view text) {
  Complaints complaints{"f"};
  std::optional<YamlNode> root = ParseYaml(text, complaints);
  if (!root) return true;
  IncludePreset(*root, complaints);
  return Points::Count(ReadSweepFile(*root, complaints)) <= kPointsMax;
}

void FuzzSweep(std::string_view bytes) {
  if (!HasFewPoints(bytes)) return;
  const auto sweep = ExpandSweep("f", bytes);
  if (sweep) {
    CHECK(!sweep->trials.empty());
    for (const SweepTrial& trial : sweep->trials) {
      CHECK(Problems(trial.spec.architecture).empty());
      CHECK(Problems(trial.spec.training).empty());
    }
    return;
  }
  CHECK(sweep.error().kind == ErrorKind::kInvalidInput);
  for (const std::string& line : Split(sweep.error().message, '\n')) CHECK(line.starts_with("f:"));
}

}  // namespace archsweep
