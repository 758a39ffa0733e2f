#include "sweep/attempt/resource_use.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>

namespace archsweep {
namespace {

ResourceUse SomeUse() {
  return {.wall_ms = 90'000,
          .cpu_ms = 350'000,
          .memory_bytes = int64_t{3} << 30,
          .memory_peak_bytes = int64_t{4} << 30,
          .device = DeviceUse{.memory_bytes = 7, .memory_peak_bytes = 8, .busy = 0.75}};
}

TEST(ResourceUse, IsReadAsItWasWritten) {
  ResourceUse use = SomeUse();
  EXPECT_EQ(ParseUse(ToJson(use)), use);
  use.device->busy.reset();
  EXPECT_EQ(ParseUse(ToJson(use)), use);
  use.device.reset();
  EXPECT_EQ(ParseUse(ToJson(use)), use);
  EXPECT_EQ(ParseUse(ToJson({})), ResourceUse{});
}

TEST(ResourceUse, IsRefusedWhereItCannotBe) {
  struct Case {
    std::string begins;
    std::function<void(ResourceUse&)> change;
  };
  const Case cases[] = {
      {"wall_ms is -1;", [](auto& use) { use.wall_ms = -1; }},
      {"wall_ms is ", [](auto& use) { use.wall_ms = kUseMsMax + 1; }},
      {"cpu_ms is -5;", [](auto& use) { use.cpu_ms = -5; }},
      {"cpu_ms is ", [](auto& use) { use.cpu_ms = INT64_MAX; }},
      {"memory_bytes is -1;", [](auto& use) { use.memory_bytes = -1; }},
      {"memory_bytes is ", [](auto& use) { use.memory_bytes = use.memory_peak_bytes + 1; }},
      {"memory_peak_bytes is ", [](auto& use) { use.memory_peak_bytes = kUseBytesMax + 1; }},
      {"device.memory_bytes is 9;", [](auto& use) { use.device->memory_bytes = 9; }},
      {"device.memory_peak_bytes is -2;", [](auto& use) { use.device->memory_peak_bytes = -2; }},
      {"device.busy is 1.5;", [](auto& use) { use.device->busy = 1.5; }},
      {"device.busy is -0.1;", [](auto& use) { use.device->busy = -0.1; }},
      {"device.busy is nan;", [](auto& use) { use.device->busy = std::nan(""); }},
  };
  EXPECT_TRUE(CheckUse(SomeUse()));
  for (const Case& wrong : cases) {
    ResourceUse use = SomeUse();
    wrong.change(use);
    const Status checked = CheckUse(use);
    ASSERT_FALSE(checked) << wrong.begins;
    EXPECT_EQ(checked.error().kind, ErrorKind::kInvalidInput);
    EXPECT_TRUE(checked.error().message.starts_with(wrong.begins)) << checked.error().message;
    EXPECT_FALSE(ParseUse(ToJson(use))) << wrong.begins;
  }
}

TEST(ResourceUse, NeedsItsNumbers) {
  for (const char* text : {"{}", "[]", R"({"wall_ms": 1, "cpu_ms": 2, "memory_bytes": 3})",
                           R"({"wall_ms": "1", "cpu_ms": 2, "memory_bytes": 3,
                               "memory_peak_bytes": 4})"}) {
    EXPECT_FALSE(ParseUse(ParseJson(text).value())) << text;
  }
}

}  // namespace
}  // namespace archsweep
