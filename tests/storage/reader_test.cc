#include "storage/reader.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/text.h"
#include "tests/base/temporary_folder.h"
#include "tests/storage/example.h"

namespace archsweep {
namespace {

// Counts every look at it as one millisecond, so that a bound of time is one of looks.
class CountingClock final : public Clock {
 public:
  int64_t MonotonicMs() const override { return ++now_ms_; }
  int64_t WallMs() const override { return now_ms_; }

 private:
  mutable int64_t now_ms_ = 0;
};

class ReaderTest : public testing::Test {
 protected:
  ReaderTest() : store_(Store::Open(folder_.Path(), clock_).value()) {
    CHECK(store_.Submit(ExampleSweep(3)));
  }

  Reader OpenReader() { return Reader::Open(folder_.Path(), clock_).value(); }

  void ExpectRefused(Reader& reader, const std::string& sql, const std::string& part) {
    const auto rows = reader.Query(sql);
    ASSERT_FALSE(rows) << sql;
    EXPECT_EQ(rows.error().kind, ErrorKind::kInvalidInput);
    EXPECT_NE(rows.error().message.find(part), std::string::npos) << rows.error().message;
  }

  TestClock clock_;
  TemporaryFolder folder_;
  Store store_;
};

TEST_F(ReaderTest, GivesColumnsAndValuesOfEveryType) {
  Reader reader = OpenReader();
  Rows rows =
      reader.Query("SELECT 7 AS a, 0.5 AS b, 'x' AS c, x'00ff' AS d, NULL AS e, ?1", {{"p"}})
          .value();
  EXPECT_EQ(rows.Columns(), (std::vector<std::string>{"a", "b", "c", "d", "e", "?1"}));
  ASSERT_TRUE(rows.Next().value());
  EXPECT_EQ(std::get<int64_t>(rows.At(0)), 7);
  EXPECT_EQ(std::get<double>(rows.At(1)), 0.5);
  EXPECT_EQ(std::get<std::string_view>(rows.At(2)), "x");
  EXPECT_EQ(std::get<Blob>(rows.At(3)).bytes, std::string_view("\0\xff", 2));
  EXPECT_TRUE(std::holds_alternative<std::monostate>(rows.At(4)));
  EXPECT_EQ(std::get<std::string_view>(rows.At(5)), "p");
  EXPECT_FALSE(rows.Next().value());
}

TEST_F(ReaderTest, SeesWhatWasCommittedWhileItIsOpen) {
  Reader reader = OpenReader();
  const auto trials_done = [&] {
    Rows rows = reader.Query("SELECT done FROM v_progress").value();
    CHECK(rows.Next().value());
    return std::get<int64_t>(rows.At(0));
  };
  EXPECT_EQ(trials_done(), 0);
  ASSERT_TRUE(store_.Commit(std::vector<Change>{ExampleWorker()}));
  ASSERT_TRUE(store_.Commit(WholeTraining(1, ExampleSweep(1).trials[0].id)));
  EXPECT_EQ(trials_done(), 1);
}

TEST_F(ReaderTest, ReadsAfterTheWriterIsGone) {
  { const Store gone = std::move(store_); }
  Reader reader = OpenReader();
  Rows rows = reader.Query("SELECT count(*) FROM trial").value();
  ASSERT_TRUE(rows.Next().value());
  EXPECT_EQ(std::get<int64_t>(rows.At(0)), 3);
}

TEST_F(ReaderTest, RefusesEverythingButReading) {
  Reader reader = OpenReader();
  ExpectRefused(reader, "DELETE FROM trial", "not DELETE");
  ExpectRefused(reader, "INSERT INTO meta VALUES ('a', 1)", "not INSERT");
  ExpectRefused(reader, "UPDATE trial SET seed = 1", "not UPDATE");
  ExpectRefused(reader, "DROP TABLE trial", "only reading");
  ExpectRefused(reader, "CREATE TEMP TABLE t (a)", "only reading");
  ExpectRefused(reader, "ATTACH 'other.db' AS other", "not ATTACH");
  ExpectRefused(reader, "PRAGMA user_version = 7", "not PRAGMA");
  ExpectRefused(reader, "PRAGMA journal_mode = DELETE", "not PRAGMA");
  ExpectRefused(reader, "BEGIN", "not transactions");
  ExpectRefused(reader, "VACUUM", "only reading");
  ExpectRefused(reader, "VACUUM INTO 'copy.db'", "only reading");
  ExpectRefused(reader, "WITH t AS (SELECT 1) DELETE FROM trial", "not DELETE");
}

TEST_F(ReaderTest, AllowsToLookAtTheSchemaAndThePlan) {
  Reader reader = OpenReader();
  for (const char* sql :
       {"PRAGMA table_info(trial)", "EXPLAIN QUERY PLAN SELECT * FROM v_result",
        "SELECT name FROM sqlite_schema",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) "
        "SELECT * FROM n -- comment"}) {
    auto rows = reader.Query(sql);
    ASSERT_TRUE(rows) << rows.error().message;
    EXPECT_TRUE(rows->Next().value()) << sql;
  }
}

TEST_F(ReaderTest, NamesThePositionOfAMistake) {
  Reader reader = OpenReader();
  ExpectRefused(reader, "SELECT *\nFORM v_result",
                "near \"FORM\": syntax error (line 2, column 1)");
  ExpectRefused(reader, "SELECT clean FROM v_result", "no such column: clean (line 1, column 8)");
}

TEST_F(ReaderTest, RunsOneStatementAtATime) {
  Reader reader = OpenReader();
  ExpectRefused(reader, "SELECT 1; SELECT 2", "several statements");
  ExpectRefused(reader, "SELECT 1; DELETE FROM trial", "not DELETE");
  ExpectRefused(reader, "  -- nothing\n", "is empty");
  ExpectRefused(reader, "SELECT ?1", "has 1 parameters and 0 values");
  EXPECT_TRUE(reader.Query("SELECT 1;  -- done\n ; "));
}

TEST_F(ReaderTest, EndsAQueryThatTakesTooLong) {
  const CountingClock clock;
  Reader reader = Reader::Open(folder_.Path(), clock).value();
  const std::string endless =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";
  Rows rows = reader.Query(endless, {}, 20).value();
  const auto row = rows.Next();
  ASSERT_FALSE(row);
  EXPECT_EQ(row.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(row.error().message,
            "query: not finished after 0.02 s; raise --timeout, or ask for less");
  EXPECT_TRUE(reader.Query("SELECT 1").value().Next().value()) << "the bound is of one query";
}

TEST(Reader, SaysWhereThereIsNoDatabase) {
  const TestClock clock;
  const TemporaryFolder folder;
  const auto reader = Reader::Open(folder.Path() / "none", clock);
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(
      reader.error().message,
      Format(
          "{}: there is no archsweep.db here; use 'archsweep run' first, or give another --state",
          (folder.Path() / "none").string()));
  EXPECT_FALSE(std::filesystem::exists(folder.Path() / "none"));
}

}  // namespace
}  // namespace archsweep
