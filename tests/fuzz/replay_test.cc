#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "tests/fuzz/targets.h"

namespace archsweep {
namespace {

constexpr size_t kInputBytesMax = size_t{1} << 20;
const std::filesystem::path kCorpus = ARCHSWEEP_SOURCE_DIR "/tests/fuzz/corpus";

class Corpus : public testing::TestWithParam<FuzzTarget> {};

TEST_P(Corpus, IsTakenByItsTarget) {
  const auto& [name, run] = GetParam();
  std::error_code error;
  int inputs = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kCorpus / name, error)) {
    SCOPED_TRACE(entry.path());
    const auto bytes = ReadFile(entry.path(), kInputBytesMax);
    ASSERT_TRUE(bytes) << bytes.error().message;
    run(*bytes);
    ++inputs;
  }
  EXPECT_FALSE(error) << kCorpus / name << ": " << error.message();
  EXPECT_GT(inputs, 0) << kCorpus / name << " is empty";
}

INSTANTIATE_TEST_SUITE_P(Targets, Corpus,
                         testing::ValuesIn(FuzzTargets().begin(), FuzzTargets().end()),
                         [](const auto& target) { return std::string(target.param.name); });

TEST(Corpora, BelongToTargets) {
  for (const auto& entry : std::filesystem::directory_iterator(kCorpus)) {
    const std::string folder = entry.path().filename();
    bool known = false;
    for (const FuzzTarget& target : FuzzTargets()) known = known || target.name == folder;
    EXPECT_TRUE(known) << entry.path();
  }
}

}  // namespace
}  // namespace archsweep
