#include "storage/backup.h"

#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "base/file.h"
#include "tests/base/temporary_folder.h"
#include "tests/storage/example.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

class BackupTest : public testing::Test {
 protected:
  BackupTest() : store_(Store::Open(State(), clock_).value()) {
    CHECK(store_.Submit(sweep_));
    CHECK(store_.Commit(std::vector<Change>{ExampleWorker()}));
  }

  fs::path State() const { return folder_.Path() / "state"; }
  fs::path Copy() const { return folder_.Path() / "copy.db"; }
  int64_t CountIn(const fs::path& file, const std::string& table) {
    Database database = Database::Open(file, OpenMode::kReadOnly).value();
    return database.Integer("SELECT count(*) FROM " + table).value().value();
  }

  TestClock clock_;
  TemporaryFolder folder_;
  ExpandedSweep sweep_ = ExampleSweep(3);
  Store store_;
};

TEST_F(BackupTest, HoldsWhatWasCommittedInOneFile) {
  ASSERT_TRUE(store_.Commit(WholeTraining(1, sweep_.trials[0].id)));
  const auto report = BackUp(State(), Copy(), clock_);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->trials, 3);
  EXPECT_EQ(report->trainings, 1);
  EXPECT_EQ(CountIn(Copy(), "event"), CountIn(State() / kDatabaseFile, "event"));
  for (const auto& entry : fs::directory_iterator(folder_.Path())) {
    EXPECT_TRUE(entry.path() == State() || entry.path() == Copy()) << entry.path();
  }
}

TEST_F(BackupTest, BecomesADatabaseWithWhichARunGoesOn) {
  ASSERT_TRUE(store_.Commit(WholeTraining(1, sweep_.trials[0].id)));
  ASSERT_TRUE(BackUp(State(), Copy(), clock_));
  const fs::path other = folder_.Path() / "other";
  fs::create_directory(other);
  fs::copy_file(Copy(), other / kDatabaseFile);
  Store again = Store::Open(other, clock_).value();
  EXPECT_EQ(again.Load().value().newest_token.value, 1);
  EXPECT_TRUE(again.Commit(WholeTraining(2, sweep_.trials[1].id)));
}

TEST_F(BackupTest, IsOfOneMomentWhileOthersWrite) {
  std::atomic<bool> is_over = false;
  std::jthread writer([&] {
    for (int64_t token = 1; !is_over; ++token) {
      const TaskId task = TaskId::Train(sweep_.trials[0].id);
      const int number = static_cast<int>(token);
      const std::vector<Change> attempt = {Assign(token, task, number), Start(token),
                                           Break(token, task)};
      ASSERT_TRUE(store_.Commit(attempt));
    }
  });
  for (int i = 0; i < 5; ++i) {
    const auto report = BackUp(State(), Copy(), clock_);
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(CountIn(Copy(), "attempt"), CountIn(Copy(), "event WHERE kind = 'attempt_failed'"));
    fs::remove(Copy());
  }
  is_over = true;
}

TEST_F(BackupTest, ReplacesNothing) {
  std::ofstream(Copy()) << "mine";
  const auto report = BackUp(State(), Copy(), clock_);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind, ErrorKind::kInvalidInput);
  EXPECT_NE(report.error().message.find("exists already"), std::string::npos);
  EXPECT_EQ(ReadFile(Copy(), 100).value(), "mine");
}

TEST_F(BackupTest, LeavesNothingWhereItCannotBeWritten) {
  const auto report = BackUp(State(), folder_.Path() / "missing/copy.db", clock_);
  ASSERT_FALSE(report);
  EXPECT_NE(report.error().message.find("missing/copy.db"), std::string::npos);
  const auto none = BackUp(folder_.Path() / "nowhere", Copy(), clock_);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, ErrorKind::kNotFound);
  EXPECT_FALSE(fs::exists(Copy()));
}

TEST_F(BackupTest, IsRefusedOfADatabaseThatContradictsItself) {
  Database database = Database::Open(State() / kDatabaseFile, OpenMode::kReadWrite).value();
  ASSERT_TRUE(database.RunScript("UPDATE task SET attempts = 5 WHERE key = 1"));
  const auto report = BackUp(State(), Copy(), clock_);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind, ErrorKind::kCorrupt);
  EXPECT_NE(report.error().message.find("counts 5 attempts"), std::string::npos);
  EXPECT_FALSE(fs::exists(Copy()));
}

}  // namespace
}  // namespace archsweep
