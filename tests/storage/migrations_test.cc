#include "storage/migrations.h"

#include <gtest/gtest.h>

#include <array>

#include "base/file.h"
#include "base/text.h"
#include "storage/reader.h"
#include "storage/store.h"
#include "tests/base/temporary_folder.h"
#include "tests/storage/example.h"

namespace archsweep {
namespace {

class MigrationsTest : public testing::Test {
 protected:
  std::filesystem::path File() const { return folder_.Path() / kDatabaseFile; }

  Database OpenFile() { return Database::Open(File(), OpenMode::kReadWrite).value(); }

  // Expects that neither side opens the file, both with `part` in the message, and that it stays as
  // it is.
  void ExpectRefusedByBoth(ErrorKind kind, const std::string& part) {
    const std::string before = ReadFile(File(), kBytesMax).value();
    const auto store = Store::Open(folder_.Path(), clock_);
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().kind, kind) << store.error().message;
    EXPECT_NE(store.error().message.find(part), std::string::npos) << store.error().message;
    EXPECT_TRUE(store.error().message.starts_with(File().string())) << store.error().message;
    const auto reader = Reader::Open(folder_.Path(), clock_);
    ASSERT_FALSE(reader);
    EXPECT_EQ(reader.error().kind, kind) << reader.error().message;
    EXPECT_NE(reader.error().message.find(part), std::string::npos) << reader.error().message;
    EXPECT_EQ(ReadFile(File(), kBytesMax).value(), before);
  }

  static constexpr size_t kBytesMax = size_t{1} << 24;
  TestClock clock_;
  TemporaryFolder folder_;
};

TEST_F(MigrationsTest, MakeTheWholeSchemaOutOfAnEmptyFile) {
  ASSERT_TRUE(WriteFileDurably(File(), ""));
  Store store = Store::Open(folder_.Path(), clock_).value();
  EXPECT_EQ(store.Epoch(), 1);
  Database database = OpenFile();
  EXPECT_EQ(SchemaVersion(database, Migrations().back().version).value(),
            Migrations().back().version);
  EXPECT_EQ(database.Integer("SELECT count(*) FROM v_result").value(), 0);
}

TEST_F(MigrationsTest, GiveEveryResultColumnAPlaceInTheViews) {
  { const Store store = Store::Open(folder_.Path(), clock_).value(); }
  Database database = OpenFile();
  for (const std::string& column : ResultColumns()) {
    EXPECT_TRUE(database.Query("SELECT " + column + ", " + column + "_images FROM v_result"))
        << column;
  }
}

// A list of the best so many must read so many rows and no more, however large the database is.
TEST_F(MigrationsTest, LetAListBeOrderedByAnIndex) {
  { const Store store = Store::Open(folder_.Path(), clock_).value(); }
  Database database = OpenFile();
  std::vector<std::string> columns = ResultColumns();
  columns.insert(columns.end(), {"parameters", "macs"});
  for (const std::string& column : columns) {
    Statement plan =
        database
            .Query(Format("EXPLAIN QUERY PLAN SELECT * FROM v_result ORDER BY {} DESC LIMIT 50",
                          column))
            .value();
    std::string text;
    while (plan.Step().value()) text += std::string(plan.Text(3)) + "\n";
    EXPECT_NE(text.find("USING INDEX trial_by_" + column), std::string::npos) << text;
    EXPECT_EQ(text.find("TEMP B-TREE"), std::string::npos) << text;
  }
}

TEST_F(MigrationsTest, AreNumberedWithoutGaps) {
  int64_t version = 0;
  for (const Migration& migration : Migrations()) EXPECT_EQ(migration.version, ++version);
}

TEST_F(MigrationsTest, CopyAnOlderDatabaseAndApplyOnlyWhatItLacks) {
  const std::array<Migration, 2> steps = {{{1, "CREATE TABLE a (x); INSERT INTO a VALUES (7);"},
                                           {2, "ALTER TABLE a ADD COLUMN y; UPDATE a SET y = 8;"}}};
  Database database = OpenFile();
  ASSERT_TRUE(Migrate(database, File(), std::span(steps).first(1)));
  const std::filesystem::path copy = File().string() + ".version-1";
  EXPECT_FALSE(std::filesystem::exists(copy)) << "there was nothing to copy";
  ASSERT_TRUE(Migrate(database, File(), steps));
  EXPECT_EQ(database.Integer("SELECT x * 10 + y FROM a").value(), 78);
  EXPECT_EQ(SchemaVersion(database, 2).value(), 2);
  Database kept = Database::Open(copy, OpenMode::kReadOnly).value();
  EXPECT_EQ(SchemaVersion(kept, 2).value(), 1);
  EXPECT_EQ(kept.Integer("SELECT x FROM a").value(), 7);
}

TEST_F(MigrationsTest, ThatFailsLeavesTheDatabaseAsItWas) {
  const std::array<Migration, 2> steps = {
      {{1, "CREATE TABLE a (x);"}, {2, "CREATE TABLE b (x); INSERT INTO missing VALUES (1);"}}};
  Database database = OpenFile();
  ASSERT_FALSE(Migrate(database, File(), steps));
  EXPECT_EQ(SchemaVersion(database, 2).value(), 1);
  EXPECT_EQ(database.Integer("SELECT count(*) FROM sqlite_schema").value(), 1);
}

TEST_F(MigrationsTest, OfANewerVersionAreRefused) {
  { const Store store = Store::Open(folder_.Path(), clock_).value(); }
  ASSERT_TRUE(OpenFile().RunScript("PRAGMA user_version = 99"));
  ExpectRefusedByBoth(ErrorKind::kInvalidInput, "schema version 99, written by a newer archsweep");
}

TEST_F(MigrationsTest, LeaveTheDatabaseOfAnotherProgramAlone) {
  ASSERT_TRUE(OpenFile().RunScript("CREATE TABLE theirs (x); PRAGMA application_id = 1234"));
  ExpectRefusedByBoth(ErrorKind::kCorrupt, "another program (application id 0x4d2)");
}

TEST_F(MigrationsTest, LeaveAFileThatIsNoDatabaseAlone) {
  ASSERT_TRUE(WriteFileDurably(File(), std::string(5'000, 'x')));
  ExpectRefusedByBoth(ErrorKind::kCorrupt, "file is not a database; give another --state folder");
}

TEST_F(MigrationsTest, AreForTheWriterAlone) {
  ASSERT_TRUE(WriteFileDurably(File(), ""));
  const auto reader = Reader::Open(folder_.Path(), clock_);
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().kind, ErrorKind::kInvalidInput);
  EXPECT_NE(reader.error().message.find("has schema version 0"), std::string::npos);
  EXPECT_EQ(std::filesystem::file_size(File()), 0u);
}

}  // namespace
}  // namespace archsweep
