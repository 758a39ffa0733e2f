// What attempts used, as the store keeps and the views show it.

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "storage/database.h"
#include "storage/store.h"
#include "tests/base/temporary_folder.h"
#include "tests/storage/example.h"

namespace archsweep {
namespace {

constexpr const char* kColumns =
    "seconds || ' ' || cpu_seconds || ' ' || memory_peak_bytes || ' ' || "
    "coalesce(device_peak_bytes, 'none') || ' ' || coalesce(device_busy, 'none')";

class AttemptUse : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(store_.Submit(sweep_));
    ASSERT_TRUE(Commit({ExampleWorker(), Assign(1, task_), Start(1)}));
  }

  Status Commit(const std::vector<Change>& changes) { return store_.Commit(changes); }

  // The one value that `sql` gives; "null" and "no row" in words.
  std::string Ask(const std::string& sql) {
    Database database = Database::Open(folder_.Path() / kDatabaseFile, OpenMode::kReadOnly).value();
    Statement rows = database.Query(sql).value();
    if (!rows.Step().value()) return "no row";
    return rows.IsNull(0) ? "null" : std::string(rows.Text(0));
  }
  std::string UseIn(const std::string& view) {
    return Ask(std::string("SELECT ") + kColumns + " FROM " + view);
  }

  TestClock clock_;
  TemporaryFolder folder_;
  ExpandedSweep sweep_ = ExampleSweep(1);
  const TaskId task_ = TaskId::Train(sweep_.trials[0].id);
  Store store_ = Store::Open(folder_.Path(), clock_).value();
  const UseMeasured measured_ = {
      Token{1},
      {.wall_ms = 1'500,
       .cpu_ms = 2'500,
       .memory_bytes = 10,
       .memory_peak_bytes = 20,
       .device = DeviceUse{.memory_bytes = 30, .memory_peak_bytes = 40, .busy = 0.5}}};
};

TEST_F(AttemptUse, IsNullUntilItIsMeasured) {
  EXPECT_EQ(UseIn("v_attempt"), "null");
  EXPECT_EQ(Ask("SELECT state || ' ' || attempt || ' ' || host FROM v_attempt"), "running 1 host");
}

TEST_F(AttemptUse, IsOverwrittenAndIsNoEvent) {
  const std::string events = Ask("SELECT count(*) FROM event");
  ASSERT_TRUE(Commit({measured_}));
  EXPECT_EQ(UseIn("v_attempt"), "1.5 2.5 20 40 0.5");
  UseMeasured next = measured_;
  next.use.wall_ms = 61'500;
  next.use.device.reset();
  ASSERT_TRUE(Commit({next}));
  EXPECT_EQ(UseIn("v_attempt"), "61.5 2.5 20 none none");
  EXPECT_EQ(Ask("SELECT count(*) FROM event"), events);
}

TEST_F(AttemptUse, StaysWhereTheEndSaysNothingOfIt) {
  ASSERT_TRUE(Commit({measured_, Break(1, task_)}));
  EXPECT_EQ(UseIn("v_attempt"), "1.5 2.5 20 40 0.5");
  EXPECT_EQ(UseIn("v_failures"), "1.5 2.5 20 40 0.5");
}

// The newest so many attempts cost so many rows, however many there are.
TEST_F(AttemptUse, IsListedWithoutSorting) {
  Database database = Database::Open(folder_.Path() / kDatabaseFile, OpenMode::kReadOnly).value();
  Statement plan =
      database.Query("EXPLAIN QUERY PLAN SELECT * FROM v_attempt ORDER BY token DESC LIMIT 50")
          .value();
  std::string text;
  while (plan.Step().value()) text += std::string(plan.Text(3)) + "\n";
  EXPECT_EQ(text.find("TEMP B-TREE"), std::string::npos) << text;
  EXPECT_TRUE(text.starts_with("SCAN a\n")) << text;
  EXPECT_EQ(text.find("SCAN", 4), std::string::npos) << "others are looked up: " << text;
}

TEST_F(AttemptUse, IsRefusedUnderAStaleToken) {
  ASSERT_TRUE(Commit({Break(1, task_), Assign(2, task_, 2)}));
  for (const int64_t token : {1, 3}) {
    const Status refused = Commit({UseMeasured{Token{token}, measured_.use}});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::kCorrupt);
    EXPECT_NE(refused.error().message.find("is not the live one"), std::string::npos);
  }
  EXPECT_EQ(Ask("SELECT count(cpu_seconds) FROM v_attempt"), "0");
}

TEST_F(AttemptUse, ComesWithTheEndAndStandsBesideTheResult) {
  TrainingSucceeded trained = Train(1, sweep_.trials[0].id);
  trained.use = measured_.use;
  const EvaluationId evaluation = IdOf(sweep_.evaluations[0]);
  EvaluationSucceeded evaluated = Evaluate(2, evaluation, 3);
  evaluated.use = ResourceUse{.wall_ms = 3'000, .cpu_ms = 1, .memory_peak_bytes = 50};
  ASSERT_TRUE(Commit({trained, Assign(2, TaskId::Evaluate(evaluation)), Start(2), evaluated}));
  EXPECT_EQ(UseIn("v_attempt WHERE kind = 'train'"), "1.5 2.5 20 40 0.5");
  EXPECT_EQ(UseIn("v_attempt WHERE kind = 'evaluate'"), "3.0 0.001 50 none none");
  EXPECT_EQ(Ask("SELECT cpu_seconds || ' ' || memory_peak_bytes || ' ' || device_peak_bytes || "
                "' ' || device_busy FROM v_result"),
            "2.5 20 40 0.5");
  EXPECT_EQ(Ask("SELECT cpu_seconds || ' ' || memory_peak_bytes FROM v_evaluation"), "0.001 50");
}

}  // namespace
}  // namespace archsweep
