#include "sweep/trial/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace archsweep {
namespace {

constexpr double kFirstDivisor = 25;
constexpr double kLastDivisor = 1e4;
constexpr double kMomentumMax = 0.95;
constexpr double kMomentumMin = 0.85;

double StepRate(const TrainingSpec& spec, int epoch) {
  // Integer arithmetic, so that the thresholds fall on the same epochs for every number of epochs.
  if (int64_t{epoch} * 100 >= int64_t{spec.epochs} * 90) return spec.learning_rate * 0.01;
  if (int64_t{epoch} * 100 >= int64_t{spec.epochs} * 75) return spec.learning_rate * 0.1;
  return spec.learning_rate;
}

// Half a period of a cosine from `first` to `last`, in the official order of operations.
double Along(double first, double last, double share) {
  const double cosine = std::cos(std::numbers::pi * share) + 1;
  return last + (first - last) / 2.0 * cosine;
}

Rates OneCycle(const TrainingSpec& spec, int epoch) {
  const double peak = std::max(0.0, spec.warmup_share * spec.epochs - 1);
  const double end = spec.epochs - 1;
  const double first = spec.learning_rate / kFirstDivisor;
  if (epoch <= peak && peak > 0) {
    const double share = epoch / peak;
    return {.learning_rate = Along(first, spec.learning_rate, share),
            .momentum = Along(kMomentumMax, kMomentumMin, share)};
  }
  const double share = end > peak ? (epoch - peak) / (end - peak) : 0;
  return {.learning_rate = Along(spec.learning_rate, first / kLastDivisor, share),
          .momentum = Along(kMomentumMin, kMomentumMax, share)};
}

}  // namespace

Rates RatesAt(const TrainingSpec& spec, int epoch) {
  if (spec.schedule == Schedule::kOneCycle) return OneCycle(spec, epoch);
  return {.learning_rate = StepRate(spec, epoch), .momentum = spec.momentum};
}

double NormMomentumAt(const TrainingSpec& spec, int64_t steps_done) {
  return steps_done == 0 ? spec.norm_momentum_first : spec.norm_momentum;
}

double EmaDecayAt(const TrainingSpec& spec, int64_t images, int64_t step) {
  const int64_t steps_of_epoch = images / spec.batch_size + 1;
  const auto since = static_cast<double>(step - spec.ema_warmup_epochs * steps_of_epoch);
  if (since < 0) return 0;
  return std::min(spec.ema, (1 + since) / (10 + since));
}

}  // namespace archsweep
