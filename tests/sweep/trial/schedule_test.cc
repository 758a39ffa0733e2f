#include "sweep/trial/schedule.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <vector>

#include "base/json.h"
#include "sweep/trial/recipe.h"

namespace archsweep {
namespace {

// What the official functions gave.
Json Golden() {
  return ReadJsonFile(std::filesystem::path(ARCHSWEEP_SOURCE_DIR) /
                      "tests/data/golden/train/schedules.json")
      .value();
}

TEST(Schedule, StepsAsTheOfficialOneDoes) {
  const auto rates = Golden().at("bat_lr_fixed").get<std::vector<double>>();
  const TrainingSpec spec;
  for (int epoch = 0; epoch < 100; ++epoch) {
    EXPECT_DOUBLE_EQ(RatesAt(spec, epoch).learning_rate, rates[static_cast<size_t>(epoch)]);
    EXPECT_EQ(RatesAt(spec, epoch).momentum, 0.9);
  }
}

TEST(Schedule, CyclesExactlyAsTheOfficialOneDoes) {
  const Json golden = Golden();
  const auto rates = golden.at("aat_onecycle_lr").get<std::vector<double>>();
  const auto momenta = golden.at("aat_onecycle_momentum").get<std::vector<double>>();
  const TrainingSpec spec = RecipeByName("aat").value().training;
  for (int epoch = 0; epoch < 400; ++epoch) {
    EXPECT_EQ(RatesAt(spec, epoch).learning_rate, rates[static_cast<size_t>(epoch)]) << epoch;
    EXPECT_EQ(RatesAt(spec, epoch).momentum, momenta[static_cast<size_t>(epoch)]) << epoch;
  }
}

TEST(Schedule, CyclesWithinFewEpochs) {
  for (int epochs = 1; epochs <= 4; ++epochs) {
    const TrainingSpec spec{.epochs = epochs, .schedule = Schedule::kOneCycle};
    for (int epoch = 0; epoch < epochs; ++epoch) {
      EXPECT_GT(RatesAt(spec, epoch).learning_rate, 0) << epochs << " " << epoch;
      EXPECT_LE(RatesAt(spec, epoch).learning_rate, spec.learning_rate) << epochs << " " << epoch;
    }
  }
}

TEST(Schedule, NormsMoveFasterInTheFirstStepOfAat) {
  const TrainingSpec spec = RecipeByName("aat").value().training;
  EXPECT_EQ(NormMomentumAt(spec, 0), 1.0);
  EXPECT_EQ(NormMomentumAt(spec, 1), 0.01);
  EXPECT_EQ(NormMomentumAt({}, 0), 0.1);
}

void ExpectEma(const TrainingSpec& spec, int64_t images, const Json& golden) {
  const auto decays = golden.at("values").get<std::vector<double>>();
  const auto first = golden.at("first_step").get<int64_t>();
  for (size_t i = 0; i < decays.size(); ++i) {
    EXPECT_EQ(EmaDecayAt(spec, images, first + static_cast<int64_t>(i)), decays[i]) << i;
  }
}

TEST(Schedule, AveragesExactlyAsTheOfficialOneDoes) {
  const Json golden = Golden().at("ema");
  TrainingSpec spec = RecipeByName("aat").value().training;
  // 47 batches and one more, for 10 epochs: 480 steps.
  ExpectEma(spec, int64_t{47} * spec.batch_size, golden.at("decay_warmup480"));
  spec.ema_warmup_epochs = 0;
  ExpectEma(spec, 50'000, golden.at("decay_warmup0"));
}

}  // namespace
}  // namespace archsweep
