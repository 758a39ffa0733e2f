#include "sweep/language/read_architecture.h"

#include <gtest/gtest.h>

#include <string>

namespace archsweep {
namespace {

std::string MistakeIn(std::string_view text, int image_size = 32) {
  const auto spec = ReadArchitecture(text, image_size);
  return spec ? "" : spec.error().message;
}

TEST(ReadArchitecture, TakesANameOrAMap) {
  EXPECT_EQ(ReadArchitecture("wrn-28-10", 32).value(), ArchitectureByName("wrn-28-10").value());
  const auto spec = ReadArchitecture("{name: wrn-34-r, activation: silu, depth: 2}", 32);
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->width, (PerStage<int>{20, 20, 8}));
  EXPECT_EQ(spec->depth, PerStage<int>(2));
  EXPECT_EQ(spec->activation, ActivationKind::kSilu);
}

TEST(ReadArchitecture, NamesMistakes) {
  EXPECT_EQ(MistakeIn("{depth: 3}"), "architecture:1:1: architecture has no 'width'");
  EXPECT_EQ(MistakeIn("{depth: 3, width: 0}").find("architecture:1:19: width of stage 1 is 0"), 0u);
  EXPECT_EQ(MistakeIn("{depth: 3, width: 1, scales: 4}"),
            "architecture:1:30: architecture.scales has no effect here");
  EXPECT_NE(MistakeIn("wrn-28-11").find("did you mean 'wrn-28-10'?"), std::string::npos);
  EXPECT_NE(MistakeIn("{depth: [1, 2").find("architecture:1:"), std::string::npos);
  EXPECT_NE(MistakeIn("racl", 30).find("multiple of 4"), std::string::npos);
  EXPECT_NE(MistakeIn(""), "");
}

}  // namespace
}  // namespace archsweep
