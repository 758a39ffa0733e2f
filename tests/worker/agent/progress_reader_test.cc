#include "worker/agent/progress_reader.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "base/text.h"

namespace archsweep {
namespace {

std::string StepText(int64_t step) { return ToText(StepLine{step, 100, 0.5, 10}); }

TEST(ProgressReader, PutsLinesTogetherHoweverTheBytesAreCut) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(Format("seed {}", seed));
  std::mt19937 random(seed);
  std::string text;
  constexpr int kLines = 200;
  for (int step = 1; step <= kLines; ++step) text += StepText(step);
  ProgressReader reader;
  std::vector<ProgressLine> lines;
  for (size_t begin = 0; begin < text.size();) {
    const size_t size = std::uniform_int_distribution<size_t>(1, 300)(random);
    for (const ProgressLine& line : reader.Read(text.substr(begin, size)).lines) {
      lines.push_back(line);
    }
    begin += size;
  }
  ASSERT_EQ(lines.size(), static_cast<size_t>(kLines));
  EXPECT_EQ(std::get<StepLine>(lines.back()).step, kLines);
  EXPECT_EQ(reader.BadLines(), 0);
}

TEST(ProgressReader, DropsLinesThatMeanNothing) {
  ProgressReader reader;
  const auto output = reader.Read("garbage\n" + StepText(1) + "{}\n\n" + StepText(2));
  EXPECT_EQ(output.lines.size(), 2u);
  EXPECT_EQ(output.dropped.size(), 3u);
  EXPECT_EQ(reader.BadLines(), 3);
  EXPECT_NE(output.dropped.front().find("garbage"), std::string::npos);
}

TEST(ProgressReader, DropsALineThatIsTooLongAndGoesOn) {
  ProgressReader reader;
  const std::string piece(10'000, 'x');
  EXPECT_TRUE(reader.Read(piece).dropped.empty());
  const auto begin = reader.Read(piece);
  ASSERT_EQ(begin.dropped.size(), 1u);
  EXPECT_LT(begin.dropped.front().size(), 300u);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(reader.Read(piece).dropped.empty());
  const auto end = reader.Read("xxx\n" + StepText(7));
  ASSERT_EQ(end.lines.size(), 1u);
  EXPECT_EQ(std::get<StepLine>(end.lines.front()).step, 7);
  EXPECT_EQ(reader.BadLines(), 1);
}

TEST(ProgressReader, TakesALineOfTheGreatestLength) {
  std::string line = ToText(FailedLine{{FailureClass::kTask, "reason"}});
  line.insert(line.size() - 1, kProgressLineBytesMax - line.size(), ' ');
  ASSERT_EQ(line.size(), kProgressLineBytesMax);
  ProgressReader reader;
  EXPECT_EQ(reader.Read(line).lines.size(), 1u);
  line.insert(line.size() - 1, 1, ' ');
  EXPECT_TRUE(reader.Read(line).lines.empty());
  EXPECT_EQ(reader.BadLines(), 1);
}

TEST(ProgressReader, DropsAnUnfinishedLineAtTheEnd) {
  ProgressReader reader;
  const std::string text = StepText(1);
  reader.Read(text.substr(0, text.size() - 1));
  EXPECT_EQ(reader.Finish().dropped.size(), 1u);
  EXPECT_TRUE(reader.Finish().dropped.empty());
}

TEST(ProgressReader, DescribesOnlySoManyBadLines) {
  ProgressReader reader;
  const auto output = reader.Read(std::string(100'000, '\n'));
  EXPECT_EQ(output.dropped.size(), static_cast<size_t>(kBadLinesMax));
  EXPECT_EQ(reader.BadLines(), 100'000);
}

}  // namespace
}  // namespace archsweep
