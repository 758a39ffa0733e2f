#include "storage/integrity.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "base/text.h"
#include "tests/base/temporary_folder.h"
#include "tests/storage/example.h"

namespace archsweep {
namespace {

class IntegrityTest : public testing::Test {
 protected:
  IntegrityTest() {
    Store store = Store::Open(Folder(), clock_).value();
    CHECK(store.Submit(sweep_));
    CHECK(store.Commit(std::vector<Change>{ExampleWorker()}));
    CHECK(store.Commit(WholeTraining(1, sweep_.trials[0].id, true)));
    CHECK(store.Commit(std::vector<Change>{Assign(2, TaskId::Train(sweep_.trials[1].id))}));
  }

  const std::filesystem::path& Folder() const { return folder_.Path(); }
  std::vector<std::string> Findings() {
    return CheckIntegrity(Folder(), Folder(), clock_).value().findings;
  }

  // Changes the tables behind the store's back, and expects one finding with `part`.
  void ExpectFound(const std::string& sql, const std::string& part) {
    SCOPED_TRACE(sql);
    Database database = Database::Open(Folder() / kDatabaseFile, OpenMode::kReadWrite).value();
    ASSERT_TRUE(database.RunScript(sql));
    const std::vector<std::string> findings = Findings();
    EXPECT_TRUE(std::ranges::any_of(findings, [&](const std::string& finding) {
      return finding.find(part) != std::string::npos;
    })) << Join(findings, "\n");
  }

  TestClock clock_;
  TemporaryFolder folder_;
  ExpandedSweep sweep_ = ExampleSweep(2);
};

TEST_F(IntegrityTest, FindsNothingWhereNothingIsWrong) {
  EXPECT_EQ(Findings(), std::vector<std::string>());
  const IntegrityReport report = CheckIntegrity(Folder(), Folder(), clock_).value();
  EXPECT_EQ(report.trials, 2);
  EXPECT_EQ(report.trainings, 1);
}

TEST_F(IntegrityTest, FindsAnAttemptThatIsCountedWrongly) {
  ExpectFound("UPDATE task SET attempts = 5 WHERE key = 1", "counts 5 attempts and has 1");
}

TEST_F(IntegrityTest, FindsATrialWhoseRowContradictsItsTraining) {
  ExpectFound("UPDATE trial SET diverged = 0 WHERE key = 1", "which its training and results");
}

TEST_F(IntegrityTest, FindsAnEndWithoutAnEvent) {
  ExpectFound(
      "DROP TRIGGER event_is_append_only_2; "
      "DELETE FROM event WHERE kind = 'training_succeeded'",
      "attempt 1: is succeeded, and 0 events tell of its end");
}

TEST_F(IntegrityTest, FindsAnEventThatWasWrittenTwice) {
  ExpectFound(
      "INSERT INTO event (at_ms, epoch, kind, task, token, data) SELECT at_ms, epoch, kind, "
      "task, token, data FROM event WHERE kind = 'attempt_assigned' AND token = 2",
      "attempt 2: 2 events tell of its assignment");
}

TEST_F(IntegrityTest, FindsATaskWithoutItsLiveAttempt) {
  ExpectFound("UPDATE task SET state = 'queued' WHERE state = 'assigned'",
              "is queued with 1 live attempts");
}

TEST_F(IntegrityTest, FindsARowThatNamesNoOther) {
  ExpectFound("DELETE FROM worker", "names a row of worker that is not there");
}

TEST_F(IntegrityTest, FindsEveryProblem) {
  ExpectFound(
      "UPDATE trial SET diverged = 0 WHERE key = 1; "
      "UPDATE task SET attempts = 5 WHERE key = 1; DELETE FROM worker",
      "counts 5 attempts");
  EXPECT_GE(Findings().size(), 3u);
}

// Zeros over the pages of one table: the schema can be read, so that nothing notices at first.
TEST_F(IntegrityTest, ADamagedTableIsFoundWhenTheStoreOpens) {
  int64_t page = 0;
  {
    Database database = Database::Open(Folder() / kDatabaseFile, OpenMode::kReadWrite).value();
    page = database.Integer("SELECT rootpage FROM sqlite_schema WHERE name = 'attempt'")
               .value()
               .value();
  }
  std::fstream file(Folder() / kDatabaseFile, std::ios::binary | std::ios::in | std::ios::out);
  constexpr int64_t kPageBytes = 4096;
  file.seekp((page - 1) * kPageBytes);
  file << std::string(kPageBytes, '\0');
  file.close();
  const auto store = Store::Open(Folder(), clock_);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().kind, ErrorKind::kCorrupt);
  EXPECT_TRUE(store.error().message.starts_with((Folder() / kDatabaseFile).string()));
  EXPECT_NE(store.error().message.find("restore the file from a copy"), std::string::npos)
      << store.error().message;
  const auto report = CheckIntegrity(Folder(), Folder(), clock_);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(report->is_damaged);
}

}  // namespace
}  // namespace archsweep
