#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "tests/base/temporary_folder.h"
#include "tests/cli/command.h"
#include "tests/worker/trainer/golden.h"
#include "worker/trainer/executor.h"
#include "worker/trainer/initialisation.h"
#include "worker/trainer/safetensors.h"

namespace archsweep {
namespace {

// Weights go to Python and come back by the packages that researchers use there.
class PythonExchange : public testing::Test {
 protected:
  void SetUp() override {
    if (!Succeeds("import numpy, safetensors.numpy")) {
      GTEST_SKIP() << "python3 with the packages numpy and safetensors is not here";
    }
  }

  bool Succeeds(const std::string& script) const {
    const std::filesystem::path file = folder_.Path() / "script.py";
    std::ofstream(file) << script << "\n";
    const CommandResult result =
        RunCommand({"/usr/bin/env", "python3", file.string()}, {.folder = folder_.Path()});
    last_words_ = result.err;
    return result.exit_code == 0;
  }

  mutable std::string last_words_;
  const TemporaryFolder folder_;
  const Graph graph_ =
      BuildGraph({.block = KnownBlock("robust"), .depth = {2, 1, 1}, .width = {1, 1, 1}}, 32, 10);
};

TEST_F(PythonExchange, LoadsOurWeightsByNameAndGivesThemBack) {
  Model model = AllocateModel(graph_, 1, at::kFloat);
  Initialise(graph_, 7, model);
  NamedTensors tensors;
  for (const NamedTensor& named : OfficialTensors(model)) {
    tensors.push_back({named.name, named.tensor.contiguous()});
  }
  ASSERT_TRUE(WriteSafetensors(folder_.Path() / "ours.safetensors", tensors));
  ASSERT_TRUE(Succeeds(R"(
import numpy
from safetensors.numpy import load_file, save_file
weights = load_file('ours.safetensors')
assert weights['stem_conv.weight'].shape == (16, 3, 3, 3), weights['stem_conv.weight'].shape
assert weights['blocks.0.layer.0.bn1.num_batches_tracked'].dtype == numpy.int64
save_file({name: numpy.asarray(value * 2) for name, value in weights.items()},
          'theirs.safetensors')
)")) << last_words_;
  Model doubled = AllocateModel(graph_, 1, at::kFloat);
  const auto theirs = ReadSafetensors(folder_.Path() / "theirs.safetensors");
  ASSERT_TRUE(theirs) << theirs.error().message;
  const Status copied = CopyInto(OfficialTensors(doubled), *theirs);
  ASSERT_TRUE(copied) << copied.error().message;
  const NamedTensors found = OfficialTensors(doubled);
  for (size_t i = 0; i < found.size(); ++i) {
    EXPECT_TRUE(found[i].tensor.equal(tensors[i].tensor * 2)) << found[i].name;
  }
}

}  // namespace
}  // namespace archsweep
