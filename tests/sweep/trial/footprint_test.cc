#include "sweep/trial/footprint.h"

#include <gtest/gtest.h>

namespace archsweep {
namespace {

TEST(Footprint, CountsTensorsAndActivations) {
  SweepTrial trial{.id = {}, .spec = {}, .parameters = 1'000, .macs = 0, .activations = 10};
  trial.spec.training.batch_norm_group = 64;
  const Footprint full = FootprintOf(trial);
  EXPECT_EQ(full.memory, 3 * 4'000 + 2 * 64 * 10 * 4);
  EXPECT_EQ(full.training_disk, 2 * 2 * 4'000);
  EXPECT_EQ(full.kept_disk, 4'000);
  trial.spec.numerics.precision = "bf16";
  EXPECT_EQ(FootprintOf(trial).memory, 3 * 4'000 + 2 * 64 * 10 * 2);
}

}  // namespace
}  // namespace archsweep
