#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>

#include "base/sha256.h"
#include "sweep/network/architecture.h"
#include "tests/cli/checkpoint_files.h"
#include "tests/cli/run_fixture.h"

namespace archsweep {
namespace {

using std::chrono::seconds;
namespace fs = std::filesystem;

constexpr size_t kCheckpointBytesMax = size_t{1} << 20;

// `archsweep evaluate` with the fake trainer.
class EvaluateTest : public RunTest {
 protected:
  EvaluateTest() { WriteCheckpoint(BuildGraph({.depth = 1, .width = 1}, 32, 10)); }

  void WriteCheckpoint(const Graph& graph) {
    CHECK(WriteFileDurably(Checkpoint(), ZeroCheckpoint(graph)));
  }
  std::string Checkpoint() const { return (folder_.Path() / "net.safetensors").string(); }

  std::vector<std::string> Arguments(const std::string& attacks,
                                     const std::vector<std::string>& more) const {
    std::vector<std::string> arguments = RunArguments();
    arguments[0] = "evaluate";
    arguments[1] = Checkpoint();
    arguments.insert(arguments.end(), {"--attacks", attacks, "--gpus", "0"});
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  std::vector<std::string> Small(const std::string& attacks,
                                 std::vector<std::string> more = {}) const {
    more.insert(more.end(), {"--dataset", "cifar10-quickstart", "--arch",
                             "{block: basic, depth: 1, width: 1}"});
    return Arguments(attacks, more);
  }
  CommandResult Evaluate(const std::vector<std::string>& arguments) const {
    return RunArchsweep(arguments);
  }
  void ExpectRefusal(const std::vector<std::string>& arguments,
                     const std::vector<std::string>& parts, int exit_code = 2) const {
    const CommandResult result = RunArchsweep(arguments);
    EXPECT_EQ(result.exit_code, exit_code) << result.err;
    EXPECT_EQ(result.out, "");
    for (const std::string& part : parts) {
      EXPECT_NE(result.err.find(part), std::string::npos) << part << " is not in\n" << result.err;
    }
    EXPECT_EQ(Query("select count(*) from sweep"), "");
  }
};

TEST_F(EvaluateTest, MeasuresAForeignFileThroughAStoredSweep) {
  const CommandResult run = Evaluate(Small("clean,autoattack", {"--images", "11"}));
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.out.find("autoattack  0.272727"), std::string::npos) << run.out;
  EXPECT_NE(run.out.find("a fake attack"), std::string::npos) << run.out;
  EXPECT_EQ(Query("select kind || ' ' || autoattack_last_images from v_result"), "imported 11");
  const std::string trial = Query("select trial from v_result");
  const std::string weights = State() + "/checkpoints/" + trial + "/imported/model.safetensors";
  EXPECT_EQ(Sha256HexOfFile(weights).value(), Sha256HexOfFile(Checkpoint()).value());
  EXPECT_EQ(Query("select weights_sha256 from v_evaluation"),
            Sha256HexOfFile(Checkpoint()).value());
  ExpectWhole();

  const fs::path file = State() + "/evaluate/evaluate-" + trial.substr(0, 8) + ".yaml";
  EXPECT_NE(run.err.find(file.string()), std::string::npos) << run.err;
  std::vector<std::string> arguments = RunArguments();
  arguments[1] = file.string();
  const CommandResult again = RunArchsweep(arguments);
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_NE(again.err.find("2 tasks done, 0 to run"), std::string::npos) << again.err;
}

TEST_F(EvaluateTest, RepeatsNothingAndAddsWhatIsNew) {
  ASSERT_EQ(Evaluate(Small("clean")).exit_code, 0);
  ASSERT_EQ(Evaluate(Small("clean")).exit_code, 0);
  EXPECT_EQ(Query("select count(*) from attempt"), "1");
  const CommandResult more = Evaluate(Small("square,clean", {"--seed", "3", "--savings", "none"}));
  ASSERT_EQ(more.exit_code, 0) << more.err;
  EXPECT_EQ(Query("select count(*) from attempt"), "2");
  EXPECT_EQ(Query("select attack_settings from v_evaluation where attack = 'square'"),
            R"("{""batch"":250,""epsilon_255"":8,""name"":""square"",""queries"":5000,)"
            R"(""savings"":""none"",""seed"":3}")");
}

TEST_F(EvaluateTest, GoesOnAfterControlC) {
  TrainersBehave("steps:500");
  std::vector<std::string> command = Small("autoattack");
  command.insert(command.begin(), std::string(ARCHSWEEP_PROGRAM_DIR) + "/archsweep");
  {
    BackgroundCommand run(command, folder_.Path() / "output");
    ASSERT_TRUE(WaitUntil(
        [&] { return Query("select count(*) from attempt where state = 'running'") == "1"; },
        seconds(10)))
        << run.Output();
    run.Signal(SIGINT);
    EXPECT_EQ(run.Wait(seconds(5)), 130) << run.Output();
  }
  TrainersBehave("steps:1");
  EXPECT_EQ(Evaluate(Small("autoattack")).exit_code, 0);
  EXPECT_EQ(Query("select count(*) from v_evaluation"), "1");
}

TEST_F(EvaluateTest, KnowsNetworksByTheirTensors) {
  WriteCheckpoint(BuildGraph(ArchitectureByName("wrn-28-10").value(), 32, 10));
  const CommandResult run = Evaluate(Arguments("clean", {"--dataset", "cifar10-quickstart"}));
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.err.find("network: wrn-28-10, by the names"), std::string::npos) << run.err;
}

TEST_F(EvaluateTest, TakesTheNetworkOfItsOwnCheckpointFromTheState) {
  ASSERT_EQ(Run().exit_code, 0);
  const std::string folder = State() + "/" + Query("select weights from v_result where seed = 2");
  // The weights of fake trainers are none.
  ASSERT_TRUE(WriteFileDurably(folder + "/model.safetensors",
                               ZeroCheckpoint(BuildGraph({.depth = 1, .width = 1}, 32, 10))));
  const std::string trial = Query("select trial from v_result where seed = 2");
  ASSERT_TRUE(WriteFileDurably(folder + "/manifest.json", Format("{{\"trial\":\"{}\"}}", trial)));
  std::vector<std::string> arguments = Arguments("clean", {});
  arguments[1] = folder;
  const CommandResult run = Evaluate(arguments);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.err.find("D 1-1-1 W 1-1-1 on cifar10-quickstart, by trial " + trial.substr(0, 8)),
            std::string::npos)
      << run.err;
}

TEST_F(EvaluateTest, SaysWhatDoesNotFit) {
  ExpectRefusal(Arguments("clean", {"--arch", "{depth: 2, width: 1}"}),
                {"net.safetensors: is not of the network of --arch:",
                 "blocks.0.layer.1.bn1.weight [16] is missing", "more"});
  ExpectRefusal(Arguments("clean", {}), {"no network with a name has its tensors", "--arch"});
  ExpectRefusal(Small("clean,cleen,pgd-20", {"--savings", "all"}),
                {"'cleen' (did you mean 'clean'?)", "'pgd-20'", "unknown savings 'all'"});
  ExpectRefusal(Small("clean,pgd20", {"--batch", "3"}),
                {"--batch has no meaning for clean, pgd20"});
  ExpectRefusal(Small("clean", {"--images", "2000"}), {"has 1017 test images"});
  ExpectRefusal(Arguments("clean", {"--dataset", "cifar11"}), {"did you mean 'cifar10'?"});
}

TEST_F(EvaluateTest, SaysWhatIsNoCheckpoint) {
  std::vector<std::string> arguments = Small("clean");
  arguments[1] = (folder_.Path() / "none").string();
  ExpectRefusal(arguments, {"there is no such checkpoint", "step-N"}, 1);
  arguments[1] = folder_.Path().string();
  ExpectRefusal(arguments, {"model.safetensors"}, 1);
  ASSERT_TRUE(WriteFileDurably(Checkpoint(), "PK\x03\x04 a zip archive of pickles"));
  ExpectRefusal(Small("clean"), {"it is no safetensors file"}, 1);
}

TEST_F(EvaluateTest, SaysAllMistakesAtOnce) {
  std::vector<std::string> arguments =
      Arguments("clean,cleen", {"--dataset", "cifar11", "--arch", "wrn-28-11"});
  arguments[1] = (folder_.Path() / "none").string();
  ExpectRefusal(arguments, {"'cleen' (did you mean 'clean'?)", "none: there is no such checkpoint",
                            "did you mean 'cifar10'?", "'wrn-28-10'"});
}

TEST_F(EvaluateTest, SaysHowToMendFilesOfOthers) {
  const std::string whole = ReadFile(Checkpoint(), kCheckpointBytesMax).value();
  ASSERT_TRUE(WriteFileDurably(Checkpoint(), whole.substr(0, whole.size() - 1)));
  ExpectRefusal(Small("clean"), {"net.safetensors", "cut off", "docs/evaluate.md"}, 1);
  ASSERT_TRUE(WriteFileDurably(
      Checkpoint(), ZeroCheckpoint(BuildGraph({.depth = 1, .width = 1}, 32, 10), "module.")));
  ExpectRefusal(Small("clean"), {"begin with 'module.'", "docs/evaluate.md"});
}

TEST_F(EvaluateTest, FindsTheCheckpointBelowAFolder) {
  const fs::path folder = folder_.Path() / "trial" / "7" / "step-2";
  ASSERT_TRUE(CreateFolders(folder));
  fs::copy(Checkpoint(), folder / "model.safetensors");
  std::vector<std::string> arguments = Small("clean");
  arguments[1] = (folder_.Path() / "trial").string();
  const CommandResult run = Evaluate(arguments);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.err.find("trial/7/step-2/model.safetensors"), std::string::npos) << run.err;

  const fs::path best = folder_.Path() / "trial" / "7" / "best" / "step-1";
  ASSERT_TRUE(CreateFolders(best));
  fs::copy(Checkpoint(), best / "model.safetensors");
  const CommandResult several = Evaluate(arguments);
  EXPECT_EQ(several.exit_code, 2);
  for (const fs::path& one : {folder, best}) {
    EXPECT_NE(several.err.find(one.string()), std::string::npos) << several.err;
  }
}

TEST_F(EvaluateTest, NoticesThatItsOwnCheckpointIsDamaged) {
  const fs::path folder = folder_.Path() / "step-2";
  ASSERT_TRUE(CreateFolders(folder));
  fs::copy(Checkpoint(), folder / "model.safetensors");
  const auto write_manifest = [&](const std::string& sha256) {
    const Json manifest = {{"files", {{"model.safetensors", {{"sha256", sha256}}}}}};
    ASSERT_TRUE(WriteFileDurably(folder / "manifest.json", manifest.dump()));
  };
  std::vector<std::string> arguments = Small("clean");
  arguments[1] = folder.string();
  write_manifest(std::string(64, '0'));
  ExpectRefusal(arguments, {"its manifest says 000", "damaged"}, 1);
  write_manifest(Sha256HexOfFile(Checkpoint()).value());
  EXPECT_EQ(Evaluate(arguments).exit_code, 0);
}

TEST_F(EvaluateTest, PrintsRowsForPrograms) {
  const CommandResult csv = Evaluate(Small("clean,fgsm", {"--images", "11", "--format", "csv"}));
  ASSERT_EQ(csv.exit_code, 0) << csv.err;
  EXPECT_TRUE(csv.out.starts_with("attack,accuracy,correct,images,loss,")) << csv.out;
  const CommandResult json = Evaluate(Small("fgsm, clean", {"--images", "11", "--format", "json"}));
  const auto rows = ParseJson(json.out);
  ASSERT_TRUE(rows) << json.out;
  ASSERT_EQ(rows->size(), 2u);
  EXPECT_EQ(rows->at(0).at("attack"), "fgsm") << "in the order that was asked for";
  EXPECT_EQ(rows->at(0).at("images"), 11);
}

TEST_F(EvaluateTest, AsksForSlotsAsItIsTold) {
  const CommandResult run = Evaluate(Small("clean", {"--ranks", "3"}));
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_NE(run.err.find("asks for 3 processor slots a task"), std::string::npos) << run.err;
}

TEST_F(EvaluateTest, NoticesWeightsThatAreMissingInAnotherState) {
  ASSERT_EQ(Evaluate(Small("clean")).exit_code, 0);
  const std::string trial = Query("select trial from v_result");
  fs::remove_all(State() + "/checkpoints/" + trial);
  std::vector<std::string> arguments = RunArguments();
  arguments[1] = State() + "/evaluate/evaluate-" + trial.substr(0, 8) + ".yaml";
  arguments[3] = State() + "-other";
  const CommandResult run = RunArchsweep(arguments);
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_NE(run.err.find("the weights with SHA-256"), std::string::npos) << run.err;
  EXPECT_EQ(Evaluate(Small("clean,fgsm")).exit_code, 0) << "it brings them back";
}

}  // namespace
}  // namespace archsweep
