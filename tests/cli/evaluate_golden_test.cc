#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "base/text.h"
#include "tests/base/temporary_folder.h"
#include "tests/cli/checkpoint_files.h"
#include "tests/cli/command.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

const fs::path kGolden = ARCHSWEEP_SOURCE_DIR "/tests/data/golden/checkpoints";

// Which images the official code classifies right, as the flags of a result in hexadecimal.
std::string GoldenFlags(const std::string& tensor) {
  constexpr size_t kBytesMax = size_t{1} << 20;
  const std::string content = ReadFile(kGolden / "small_basic_eval.safetensors", kBytesMax).value();
  const SafetensorsHeader header = ParseSafetensorsHeader(content, content.size()).value();
  const auto entry = std::ranges::find(header.tensors, tensor, &TensorEntry::name);
  const std::string bools =
      content.substr(header.data_begin + entry->begin, entry->end - entry->begin);
  std::vector<int> bytes((bools.size() + 7) / 8);
  for (size_t i = 0; i < bools.size(); ++i) bytes[i / 8] |= (bools[i] != 0) << i % 8;
  std::string flags;
  for (const int byte : bytes) flags += Format("{:02x}", byte);
  return flags;
}

// From a foreign file to results with the real trainer, against what the official code found.
TEST(Evaluate, GivesTheVerdictsOfTheOfficialCode) {
  const TemporaryFolder folder;
  const fs::path file = folder.Path() / "small_basic.safetensors";
  ASSERT_TRUE(WriteFileDurably(file, GoldenCheckpoint(kGolden / "small_basic.safetensors")));
  const std::string state = (folder.Path() / "state").string();
  const CommandResult run =
      RunArchsweep({"evaluate", file.string(), "--attacks", "clean,fgsm,pgd20", "--arch",
                    "{depth: 1, width: 1}", "--dataset", "cifar10-quickstart", "--gpus", "0",
                    "--state", state, "--data-root", ARCHSWEEP_SOURCE_DIR "/examples/data"},
                   {.timeout = std::chrono::seconds(50)});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto query = [&](const std::string& sql) {
    const CommandResult result = RunArchsweep({"query", sql, "--state", state, "--format", "csv"});
    const std::vector<std::string> lines = Split(result.out, '\n');
    return lines.size() > 1 ? lines[1] : result.err;
  };
  const auto flags_of = [&](const std::string& attack) {
    return query(
        Format("select flags from result r join v_evaluation v on v.token = r.token where "
               "v.attack = '{}'",
               attack));
  };
  EXPECT_EQ(flags_of("clean"), GoldenFlags("correct.clean"));
  EXPECT_EQ(flags_of("fgsm"), GoldenFlags("correct.fgsm"));
  EXPECT_EQ(query("select pgd20_last < clean_last and pgd20_last > 0.05 from v_result"), "1")
      << run.out;
  const CommandResult check = RunArchsweep({"check", "--state", state});
  EXPECT_EQ(check.exit_code, 0) << check.out << check.err;
}

}  // namespace
}  // namespace archsweep
