#include "cli/throughput.h"

#include <array>
#include <variant>

#include "base/clock.h"
#include "base/text.h"
#include "storage/reader.h"

namespace archsweep {
namespace {

// One core of a processor in single precision, and a large GPU in bf16 at a third of its peak.
constexpr double kAssumedCpu = 2.5e10;
constexpr double kAssumedGpu = 1.5e14;

// The work of a training is that of TrainingWork; one that was continued counts from its last
// start.
constexpr const char* kTrainings = R"(
SELECT count(*),
       sum(macs * (train_steps - resumed) * (config ->> '$.training.batch_size')
           * (2.0 * (config ->> '$.training.attack_steps') + 7)) / sum(train_seconds)
FROM (SELECT macs, train_steps, train_seconds, config,
             (SELECT a.resumed_step FROM attempt a WHERE a.token = train_token) AS resumed
      FROM v_result WHERE train_seconds > 0 AND diverged = 0 AND precision = ?1)
WHERE resumed = 0)";

Throughput Assumed(const std::string& precision) {
  const double macs = precision == "bf16" ? kAssumedGpu : kAssumedCpu;
  return {.macs_per_second = macs,
          .source = Format("assumed: {} multiply-accumulates a second; finished trainings in the "
                           "state folder replace it",
                           HumanCount(macs))};
}

}  // namespace

Result<Throughput> ThroughputOf(const std::filesystem::path& state_folder,
                                const std::string& precision) {
  const SystemClock clock;
  auto reader = Reader::Open(state_folder, clock);
  if (!reader && reader.error().kind == ErrorKind::kNotFound) return Assumed(precision);
  if (!reader) return tl::unexpected(reader.error());
  TRY_ASSIGN(Rows rows, reader->Query(kTrainings, std::array{precision}));
  TRY_ASSIGN(const bool found, rows.Next());
  if (!found) return Assumed(precision);
  const SqlValue count = rows.At(0);
  const SqlValue speed = rows.At(1);
  const auto* macs = std::get_if<double>(&speed);
  if (macs == nullptr || *macs <= 0) return Assumed(precision);
  return Throughput{
      .macs_per_second = *macs,
      .source = Format("measured: {} multiply-accumulates a second over {} trainings "
                       "in {}",
                       HumanCount(*macs), std::get<int64_t>(count), state_folder.string())};
}

}  // namespace archsweep
