#include "worker/agent/use_meter.h"

#include <gtest/gtest.h>

namespace archsweep {
namespace {

TEST(UseMeter, KnowsAShortAttemptByItsEnd) {
  UseMeter meter(7, 1'000);
  EXPECT_FALSE(meter.Use());
  meter.OnReaped({.cpu_ms = 30, .memory_bytes = 500});
  meter.OnReaped({.cpu_ms = 12, .memory_bytes = 200});
  meter.OnEnd(1'050);
  EXPECT_EQ(
      meter.Use(),
      (ResourceUse{.wall_ms = 50, .cpu_ms = 42, .memory_bytes = 0, .memory_peak_bytes = 500}));
}

TEST(UseMeter, KeepsTheLargestAndNeverTakesTimeBack) {
  UseMeter meter(7, 1'000);
  meter.OnSample(11'000, {.cpu_ms = 9'000, .memory_bytes = 800}, std::nullopt);
  EXPECT_EQ(meter.SampledMs(), 11'000);
  meter.OnSample(21'000, {.cpu_ms = 8'000, .memory_bytes = 300}, std::nullopt);
  EXPECT_EQ(
      meter.Use(),
      (ResourceUse{
          .wall_ms = 20'000, .cpu_ms = 9'000, .memory_bytes = 300, .memory_peak_bytes = 800}));
  meter.OnReaped({.cpu_ms = 9'500, .memory_bytes = 700});
  meter.OnEnd(22'000);
  EXPECT_EQ(meter.Use()->cpu_ms, 9'500);
  EXPECT_EQ(meter.Use()->memory_peak_bytes, 800);
  EXPECT_TRUE(CheckUse(*meter.Use()));
}

TEST(UseMeter, TakesTheMeanOfWhatDevicesTell) {
  UseMeter meter(7, 0);
  meter.OnSample(1, {}, DeviceReading{.memory_bytes = 10, .busy = 0.5});
  meter.OnSample(2, {}, DeviceReading{.memory_bytes = 30, .busy = std::nullopt});
  meter.OnSample(3, {}, std::nullopt);
  meter.OnSample(4, {}, DeviceReading{.memory_bytes = 20, .busy = 1});
  meter.OnEnd(5);
  const DeviceUse expected{.memory_bytes = 20, .memory_peak_bytes = 30, .busy = 0.75};
  EXPECT_EQ(meter.Use()->device, expected);
}

TEST(UseMeter, StaysWithinBoundsWhereDevicesAreAlwaysBusy) {
  UseMeter meter(7, 0);
  for (int64_t ms = 1; ms <= 1'000; ++ms) {
    meter.OnSample(ms, {}, DeviceReading{.memory_bytes = 1, .busy = ms % 3 == 0 ? 0.99 : 1});
    ASSERT_TRUE(CheckUse(*meter.Use()));
  }
}

}  // namespace
}  // namespace archsweep
