#include "worker/agent/spool.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "tests/base/temporary_folder.h"

namespace archsweep {
namespace {

class Spools : public testing::Test {
 protected:
  static NumberedLine Epoch(int64_t number) {
    return {.number = number, .line = EpochLine{.epoch = static_cast<int>(number)}, .flags = ""};
  }
  std::filesystem::path Attempt(Token token) const {
    return folder_.Path() / std::to_string(token.value);
  }

  TemporaryFolder folder_;
  const WorkerId worker_ = RandomId<WorkerId>();
};

TEST_F(Spools, HoldEveryLineButSteps) {
  Spool spool(Attempt(Token{7}), worker_, Token{7});
  const NumberedLine last = {
      .number = 4, .line = EvaluatedLine{.images = 11, .flags_file = "f"}, .flags = {'\0', '\xff'}};
  const ResourceUse use{.wall_ms = 5, .cpu_ms = 4, .memory_bytes = 2, .memory_peak_bytes = 3};
  spool.Append(Epoch(2), ResourceUse{});
  spool.Append({.number = 3, .line = StepLine{.step = 1, .steps = 2}, .flags = ""});
  spool.Append(last, use);
  const auto spools = ReadSpools(folder_.Path());
  ASSERT_EQ(spools.size(), 1u);
  EXPECT_EQ(spools[0].worker, worker_);
  EXPECT_EQ(spools[0].observed.token, Token{7});
  EXPECT_EQ(spools[0].observed.use, use);
  ASSERT_EQ(spools[0].observed.lines.size(), 2u);
  EXPECT_EQ(spools[0].observed.lines[0].line, Epoch(2).line);
  EXPECT_EQ(spools[0].observed.lines[1].number, 4);
  EXPECT_EQ(spools[0].observed.lines[1].line, last.line);
  EXPECT_EQ(spools[0].observed.lines[1].flags, last.flags);
  spool.Clear();
  EXPECT_TRUE(ReadSpools(folder_.Path()).empty());
}

TEST_F(Spools, EndWhereTheyAreTorn) {
  Spool spool(Attempt(Token{7}), worker_, Token{7});
  for (int64_t number = 1; number <= 3; ++number) spool.Append(Epoch(number));
  const auto path = Attempt(Token{7}) / "spool";
  const std::string whole = ReadFile(path, 1 << 20).value();
  size_t most = 0;
  for (size_t size = 0; size <= whole.size(); ++size) {
    ASSERT_TRUE(WriteFileDurably(path, whole.substr(0, size)));
    const auto spools = ReadSpools(folder_.Path());
    const size_t lines = spools.empty() ? 0 : spools[0].observed.lines.size();
    EXPECT_GE(lines, most) << size;
    most = std::max(most, lines);
  }
  EXPECT_EQ(most, 3u);
}

TEST_F(Spools, BeginAnewInAFolderOfAnotherDatabase) {
  Spool(Attempt(Token{7}), RandomId<WorkerId>(), Token{7}).Append(Epoch(1));
  Spool(Attempt(Token{7}), worker_, Token{7}).Append(Epoch(9));
  const auto spools = ReadSpools(folder_.Path());
  ASSERT_EQ(spools.size(), 1u);
  EXPECT_EQ(spools[0].worker, worker_);
  ASSERT_EQ(spools[0].observed.lines.size(), 1u);
  EXPECT_EQ(spools[0].observed.lines[0].number, 9);
}

}  // namespace
}  // namespace archsweep
