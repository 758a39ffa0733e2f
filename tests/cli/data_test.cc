// `archsweep data`, end to end.

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

#include <filesystem>

#include "base/file.h"
#include "base/json.h"
#include "base/sha256.h"
#include "tests/base/temporary_folder.h"
#include "tests/cli/background_command.h"
#include "tests/cli/command.h"
#include "tests/worker/data/preparation/archive_files.h"
#include "tests/worker/data/preparation/file_server.h"
#include "tests/worker/data/record_files.h"
#include "worker/data/dataset.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

constexpr const char* kExamplesRoot = ARCHSWEEP_SOURCE_DIR "/examples/data";

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

class DataCommand : public testing::Test {
 protected:
  // Loopback is no matter for a proxy.
  static void SetUpTestSuite() { setenv("no_proxy", "*", 1); }

  CommandResult Data(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "data");
    arguments.insert(arguments.end(), {"--data-root", Root().string()});
    return RunArchsweep(arguments);
  }
  Json Rows(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--format", "json"});
    const CommandResult result = Data(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return ParseJson(result.out).value_or(Json::array());
  }
  fs::path Root() const { return folder_.Path() / "data"; }
  fs::path Cifar10() const { return Root() / "cifar-10-batches-bin"; }

  const TemporaryFolder folder_;
};

TEST_F(DataCommand, ListsWhatIsKnownAndWhatIsHere) {
  WriteBytes(Cifar10() / "data_batch_1.bin", SomeRecords(2));
  WriteBytes(Cifar10() / "test_batch.bin", SomeRecords(1));
  const Json rows = Rows({"list"});
  ASSERT_EQ(rows.size(), RegisteredDatasets().size());
  for (const Json& row : rows) {
    const bool is_here = row.at("name") == "cifar10" || row.at("name") == "synthetic";
    EXPECT_EQ(row.at("found"), is_here) << row;
  }
  EXPECT_EQ(rows[0].at("classes"), 10);
  EXPECT_EQ(rows[0].at("folder"), "cifar-10-batches-bin");
}

TEST_F(DataCommand, VerifiesTheShippedImages) {
  const CommandResult result =
      RunArchsweep({"data", "verify", "cifar10-quickstart", "--data-root", kExamplesRoot});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_TRUE(Contains(result.out, DatasetByName("cifar10-quickstart").value().content));
  EXPECT_TRUE(Contains(result.out, "dataset: cifar10-quickstart\n")) << result.out;
}

TEST_F(DataCommand, TellsOfOtherImagesWhatToWriteAndFails) {
  WriteBytes(Cifar10() / "data_batch_1.bin", SomeRecords(2));
  WriteBytes(Cifar10() / "test_batch.bin", SomeRecords(1));
  const std::string digest = DatasetDigest(Sha256Hex(SomeRecords(2)), Sha256Hex(SomeRecords(1)));
  const CommandResult other = Data({"verify", "cifar10"});
  EXPECT_EQ(other.exit_code, 1);
  EXPECT_TRUE(Contains(other.out, "dataset: {name: cifar10, digest: " + digest + "}")) << other.out;
  EXPECT_TRUE(Contains(other.err, "does not hold the published images")) << other.err;
  EXPECT_EQ(Data({"verify", "cifar10", "--digest", digest}).exit_code, 0);
}

TEST_F(DataCommand, NamesMissingAndDamagedFilesWithTheRemedy) {
  const CommandResult missing = Data({"verify", "cifar100"});
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_TRUE(Contains(missing.err, "`archsweep data download cifar100`")) << missing.err;
  WriteBytes(Cifar10() / "data_batch_1.bin", SomeRecords(2) + "x");
  WriteBytes(Cifar10() / "test_batch.bin", SomeRecords(1));
  const CommandResult cut = Data({"verify", "cifar10"});
  EXPECT_EQ(cut.exit_code, 1);
  EXPECT_TRUE(Contains(cut.err, (Cifar10() / "data_batch_1.bin").string())) << cut.err;
  EXPECT_EQ(Data({"verify", "cifar"}).exit_code, 2);
}

TEST_F(DataCommand, PreparesFilesFromElsewhereAndFurtherImages) {
  const fs::path source = folder_.Path() / "source";
  WriteBytes(source / "data_batch_1.bin", SomeRecords(20));
  WriteBytes(source / "test_batch.bin", SomeRecords(10));
  WriteBytes(source / "records.bin", SomeRecords(7));
  const Json row = Rows({"prepare", "cifar10", "--from", source.string(), "--extra",
                         (source / "records.bin").string()})
                       .at(0);
  EXPECT_EQ(row.at("train_images"), 20);
  EXPECT_EQ(row.at("test_images"), 10);
  EXPECT_EQ(row.at("matches"), false);
  EXPECT_EQ(row.at("extra_images"), 7);
  EXPECT_EQ(row.at("extra_digest"), Sha256Hex(SomeRecords(7)));
  EXPECT_EQ(Data({"prepare", "cifar10"}).exit_code, 2);
  EXPECT_EQ(Data({"prepare", "synthetic"}).exit_code, 2);
}

// An archive of CIFAR-10's layout, on a server.
class DataDownload : public DataCommand {
 protected:
  DataDownload() {
    const fs::path file = folder_.Path() / "archive.tar.gz";
    WriteArchive(file, ArchiveKind::kTarGz,
                 {{"cifar-10-batches-bin/data_batch_1.bin", SomeRecords(40)},
                  {"cifar-10-batches-bin/test_batch.bin", SomeRecords(20)}});
    archive_ = ReadFile(file, size_t{1} << 24).value();
    server_ = std::make_unique<FileServer>(archive_);
  }
  std::vector<std::string> Arguments() const {
    return {"download", "cifar10",          "--url", server_->Url("other.tar.gz"),
            "--sha256", Sha256Hex(archive_)};
  }

  std::string archive_;
  std::unique_ptr<FileServer> server_;
};

TEST_F(DataDownload, FetchesUnpacksAndReadsBack) {
  const Json row = Rows(Arguments()).at(0);
  EXPECT_EQ(row.at("train_images"), 40);
  EXPECT_EQ(row.at("digest"),
            DatasetDigest(Sha256Hex(SomeRecords(40)), Sha256Hex(SomeRecords(20))));
  size_t entries = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(Root())) ++entries;
  EXPECT_EQ(entries, 1u) << "only the data set itself stays";
}

TEST_F(DataDownload, KeepsTheArchiveWhereAsked) {
  std::vector<std::string> arguments = Arguments();
  arguments.push_back("--keep-archive");
  EXPECT_EQ(Data(arguments).exit_code, 0);
  EXPECT_EQ(Sha256HexOfFile(Root() / "cifar-10-binary.tar.gz").value(), Sha256Hex(archive_));
}

TEST_F(DataDownload, RefusesToOverwriteOtherImages) {
  WriteBytes(Cifar10() / "data_batch_1.bin", SomeRecords(2));
  WriteBytes(Cifar10() / "test_batch.bin", SomeRecords(1));
  const CommandResult result = Data(Arguments());
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_TRUE(Contains(result.err, "other images")) << result.err;
  EXPECT_TRUE(server_->Offsets().empty());
}

TEST_F(DataDownload, RefusesWhatIsNotThePublishedArchive) {
  const CommandResult result = Data({"download", "cifar10", "--url", server_->Url()});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_TRUE(Contains(result.err, "but the file has 170052171")) << result.err;
  EXPECT_FALSE(fs::exists(Cifar10()));
  EXPECT_EQ(Data({"download", "synthetic"}).exit_code, 2);
}

TEST_F(DataDownload, GoesOnAfterAnInterruption) {
  // The server falls silent after part of the file, and an interruption finds the download waiting.
  const size_t half = archive_.size() / 2;
  server_->Behave({.cut_after = half, .hangs = true});
  std::vector<std::string> command = {ARCHSWEEP_PROGRAM_DIR "/archsweep", "data"};
  for (const std::string& argument : Arguments()) command.push_back(argument);
  command.insert(command.end(), {"--data-root", Root().string()});
  {
    BackgroundCommand download(command, folder_.Path() / "output");
    const fs::path part = Root() / "cifar-10-binary.tar.gz.part";
    ASSERT_TRUE(WaitUntil(
        [&] {
          std::error_code error;
          return fs::file_size(part, error) == half && !error;
        },
        std::chrono::seconds(10)));
    download.Signal(SIGINT);
    EXPECT_EQ(download.Wait(std::chrono::seconds(5)), 130) << download.Output();
    EXPECT_TRUE(Contains(download.Output(), "the same command goes on")) << download.Output();
  }
  server_->Behave({});
  EXPECT_EQ(Data(Arguments()).exit_code, 0);
  EXPECT_EQ(server_->Offsets(), (std::vector<size_t>{0, half}));
}

}  // namespace
}  // namespace archsweep
