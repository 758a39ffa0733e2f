#include "sweep/attempt/progress.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace archsweep {
namespace {

TEST(Progress, ReadsBackEveryKindOfLine) {
  const ProgressLine lines[] = {
      StartedLine{
          .version = "0.1", .libraries = "torch", .device = "cpu", .threads = 2, .resumed_step = 9},
      StepLine{.step = 3, .steps = 60, .loss = 2.25, .images_per_second = 100.5},
      EpochLine{.epoch = 1, .loss = 2.0, .learning_rate = 0.1},
      EpochLine{.epoch = 2,
                .clean_accuracy = 0.75,
                .pgd20_accuracy = 0.5,
                .train_fgsm_accuracy = 0.9},
      CheckpointLine{.step = 15, .folder = "a/b", .model_sha256 = "c"},
      TrainedLine{.steps = 60, .diverged = true, .seconds = 1.5},
      TrainedLine{.steps = 60,
                  .folder = "a",
                  .model_sha256 = "b",
                  .best = BestCheckpoint{"c", "d", 30, 2, 0.5}},
      EvaluatedLine{.images = 1000,
                    .correct = 1,
                    .flags_file = "f",
                    .warnings = {"zero gradients", "square wins"},
                    .forward_images = int64_t{1} << 40,
                    .backward_images = 7,
                    .saved_images = 9,
                    .artifact = ArtifactRef{"margins.safetensors", "ab"}},
      EvaluatedLine{
          .images = 256, .correct = 100, .loss = 1.25, .seconds = 3, .flags_file = "flags.bin"},
      FailedLine{{FailureClass::kStorage, "disk \"full\"\n"}}};
  for (const ProgressLine& line : lines) {
    const std::string text = ToText(line);
    EXPECT_EQ(text.find('\n'), text.size() - 1) << text;
    EXPECT_EQ(ParseProgress(text).value(), line) << text;
  }
}

TEST(Progress, KeepsALossThatIsNotANumber) {
  const auto line =
      ParseProgress(ToText(StepLine{.loss = std::numeric_limits<double>::infinity()}));
  ASSERT_TRUE(line);
  EXPECT_TRUE(std::isnan(std::get<StepLine>(*line).loss));
}

TEST(Progress, BoundsWarningsBetweenCharacters) {
  EvaluatedLine line;
  const std::string euro = "\xe2\x82\xac";
  std::string wide = "x";
  while (wide.size() <= kWarningBytesMax) wide += euro;
  line.warnings.assign(kWarningsMax + 3, wide);
  line.warnings[1] = std::string(5'000, '\x01');
  const std::string text = ToText(line);
  EXPECT_LE(text.size(), kProgressLineBytesMax);
  const auto read = std::get<EvaluatedLine>(ParseProgress(text).value());
  ASSERT_EQ(read.warnings.size(), kWarningsMax);
  EXPECT_EQ(read.warnings[0], wide.substr(0, 199));
  EXPECT_EQ(read.warnings[1], std::string(kWarningBytesMax, '\x01'));
  EXPECT_EQ(ToText(read), text);
}

TEST(Progress, RefusesWhatItDoesNotUnderstand) {
  for (const char* text :
       {"", "{}", "[]", "12", R"({"v":2,"type":"step"})", R"({"v":1,"type":"dance"})",
        R"({"v":1,"type":"step","step":"three"})", R"({"v":1,"type":"failed","class":"luck"})"}) {
    EXPECT_FALSE(ParseProgress(text)) << text;
  }
  EXPECT_FALSE(ParseProgress(std::string(kProgressLineBytesMax + 1, ' ')));
}

TEST(Progress, SurvivesAnyBytes) {
  const unsigned seed = 20221;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const std::string good = ToText(EvaluatedLine{.images = 256, .correct = 3});
  for (int round = 0; round < 20'000; ++round) {
    std::string text = good;
    for (int change = 0; change < 3; ++change)
      text[random() % text.size()] = static_cast<char>(random());
    const auto line = ParseProgress(text);
    if (line) {
      EXPECT_FALSE(ToText(*line).empty());
    }
  }
}

TEST(Progress, TellsAFailureWhoseMessageIsNotText) {
  const auto line = ParseProgress(ToText(FailedLine{{FailureClass::kTask, "\xff\xfe"}}));
  ASSERT_TRUE(line);
  EXPECT_EQ(std::get<FailedLine>(*line).failure.kind, FailureClass::kTask);
}

TEST(Progress, TellsAFailureWhoseMessageIsAllControlCharacters) {
  const FailedLine failed{{FailureClass::kTask, std::string(kFailureMessageBytesMax, '\x01')}};
  const std::string text = ToText(failed);
  EXPECT_LE(text.size(), kProgressLineBytesMax);
  const auto line = ParseProgress(text);
  ASSERT_TRUE(line);
  EXPECT_EQ(ToText(*line), text);
}

TEST(Progress, RefusesALineThatWouldBeTooLongToPassOn) {
  std::string text = R"({"v":1,"type":"started","version":"","libraries":"","device":"cpu",)"
                     R"("threads":1,"resumed_step":1e9})";
  text.insert(text.find(R"("","lib)") + 1, kProgressLineBytesMax - text.size(), 'a');
  ASSERT_EQ(text.size(), kProgressLineBytesMax);
  EXPECT_FALSE(ParseProgress(text));
}

}  // namespace
}  // namespace archsweep
