#include "worker/agent/device_monitor.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/worker/agent/fixture.h"

namespace archsweep {
namespace {

constexpr int64_t kGiB = int64_t{1} << 30;

TEST(Nvml, IsLoadedOnlyWhereItIsThere) {
  EXPECT_EQ(Nvml::Load("/no/such/library.so").error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(Nvml::Load("libc.so.6").error().kind, ErrorKind::kNotFound) << "another library";
}

TEST(Nvml, ReadsGpusByNumberAndByUuid) {
  const auto nvml = Nvml::Load(kFakeNvml);
  ASSERT_TRUE(nvml) << nvml.error().message;
  EXPECT_EQ(nvml->Read("0"), (DeviceReading{.memory_bytes = 3 * kGiB, .busy = 0.25}));
  EXPECT_EQ(nvml->Read("GPU-1"), (DeviceReading{.memory_bytes = 5 * kGiB, .busy = 0.75}));
  EXPECT_EQ(nvml->Read("2"), (DeviceReading{.memory_bytes = kGiB, .busy = std::nullopt}));
  EXPECT_FALSE(nvml->Read("3")) << "more memory than there can be";
  EXPECT_FALSE(nvml->Read("4"));
  EXPECT_FALSE(nvml->Read("GPU-2"));
  EXPECT_EQ(nvml->MemoryOf("GPU-1"), 80 * kGiB);
  EXPECT_FALSE(nvml->MemoryOf("GPU-2"));
}

TEST(DeviceMonitors, SumOverTheGpusOfAnAttempt) {
  const DeviceMonitor monitor({"0", "GPU-1", "2", "9"}, kFakeNvml);
  const auto newest = [&](std::vector<size_t> positions) { return monitor.Newest(positions); };
  ASSERT_TRUE(WaitUntil([&] { return newest({0}).has_value(); }));
  EXPECT_EQ(newest({0, 1}), (DeviceReading{.memory_bytes = 8 * kGiB, .busy = 0.5}));
  EXPECT_EQ(newest({1, 2}), (DeviceReading{.memory_bytes = 6 * kGiB, .busy = std::nullopt}));
  EXPECT_FALSE(newest({0, 3})) << "one of them is not there";
  EXPECT_FALSE(newest({4}));
  EXPECT_FALSE(newest({}));
}

TEST(DeviceMonitors, KnowHowLargeTheGpusAre) {
  const DeviceMonitor monitor({"0", "9", "GPU-1"}, kFakeNvml);
  EXPECT_EQ(monitor.Sizes(), (std::vector<int64_t>{80 * kGiB, 0, 80 * kGiB}));
}

TEST(DeviceMonitors, KnowNothingWithoutTheLibrary) {
  const DeviceMonitor monitor({"0"}, "/no/such/library.so");
  EXPECT_TRUE(monitor.Sizes().empty());
  EXPECT_FALSE(monitor.Newest(std::vector<size_t>{0}));
}

}  // namespace
}  // namespace archsweep
