#include <gtest/gtest.h>

#include <fstream>

#include "coordinator/coordinator.h"
#include "proto/access/channel.h"
#include "proto/control.grpc.pb.h"
#include "sweep/attempt/layout.h"
#include "tests/base/temporary_folder.h"

namespace archsweep {
namespace {

using control::v1::Control;
using control::v1::QueryRequest;
using control::v1::QueryResponse;
using control::v1::ReadLogRequest;
using control::v1::ReadLogResponse;

constexpr const char* kManyRows =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000) "
    "SELECT i, i * 0.5 AS half, 'x' || i AS name, x'00ff' AS bytes, NULL AS absent FROM n";

class Controls : public testing::Test {
 protected:
  Controls()
      : coordinator_(Coordinator::Start({.state_folder = folder_.Path() / "state",
                                         .shared_folder = folder_.Path() / "shared",
                                         .listen = {"127.0.0.1", 0},
                                         .http = {"127.0.0.1", 0}},
                                        clock_)
                         .value()) {
    As(Role::kReadOnly);
  }

  void As(Role role) {
    access_ = ReadAccess(AccessFile(folder_.Path() / "shared", role)).value();
    stub_ = Control::NewStub(Connect(access_).value());
  }

  template <class Request, class Response>
  grpc::Status Call(grpc::Status (Control::Stub::*method)(grpc::ClientContext*, const Request&,
                                                          Response*),
                    const Request& request, Response* response) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    context.AddMetadata(kAuthorizationKey, AuthorizationOf(access_));
    return (stub_.get()->*method)(&context, request, response);
  }
  grpc::Status Query(const std::string& sql, QueryResponse* response, int64_t timeout_ms = 0) {
    QueryRequest request;
    request.set_sql(sql);
    request.set_timeout_ms(timeout_ms);
    return Call(&Control::Stub::Query, request, response);
  }
  grpc::Status NextPage(QueryResponse* response) {
    QueryRequest request;
    request.set_cursor(response->cursor());
    response->Clear();
    return Call(&Control::Stub::Query, request, response);
  }

  TemporaryFolder folder_;
  SystemClock clock_;
  std::unique_ptr<Coordinator> coordinator_;
  Access access_;
  std::unique_ptr<Control::Stub> stub_;
};

TEST_F(Controls, GiveEveryRowOnceInPages) {
  QueryResponse page;
  ASSERT_TRUE(Query(kManyRows, &page).ok());
  int64_t expected = 0;
  int pages = 1;
  while (true) {
    ASSERT_EQ(page.columns_size(), 5);
    EXPECT_LE(page.rows_size(), kPageRows);
    for (const auto& row : page.rows()) {
      ++expected;
      ASSERT_EQ(row.values_size(), 5);
      EXPECT_EQ(row.values(0).integer(), expected);
      EXPECT_EQ(row.values(1).real(), static_cast<double>(expected) / 2);
      EXPECT_EQ(row.values(2).text(), "x" + std::to_string(expected));
      EXPECT_EQ(row.values(3).blob(), std::string("\0\xff", 2));
      EXPECT_EQ(row.values(4).kind_case(), control::v1::Value::KIND_NOT_SET);
    }
    if (page.cursor().empty()) break;
    ASSERT_TRUE(NextPage(&page).ok());
    ++pages;
  }
  EXPECT_EQ(expected, 12'000);
  EXPECT_EQ(pages, 3);
}

TEST_F(Controls, UseACursorOnce) {
  QueryResponse page;
  ASSERT_TRUE(Query(kManyRows, &page).ok());
  const QueryResponse first = page;
  ASSERT_TRUE(NextPage(&page).ok());
  page = first;
  EXPECT_EQ(NextPage(&page).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(Controls, BoundTheQueriesThatAreOpen) {
  QueryResponse page;
  for (size_t i = 0; i < kCursorsMax; ++i) ASSERT_TRUE(Query(kManyRows, &page).ok());
  EXPECT_EQ(Query(kManyRows, &page).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(Query("SELECT 1", &page).ok()) << "small ones go on";
}

TEST_F(Controls, OnlyRead) {
  QueryResponse page;
  for (const char* sql :
       {"DELETE FROM sweep", "ATTACH '/tmp/x' AS x", "PRAGMA journal_mode = DELETE", "SELECT",
        "SELECT 1; SELECT 2", "SELECT load_extension('x')", "SELECT writefile('/tmp/x', 1)"}) {
    EXPECT_EQ(Query(sql, &page).error_code(), grpc::StatusCode::INVALID_ARGUMENT) << sql;
  }
  EXPECT_EQ(Query("", &page).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Query("SELECT 1", &page, -1).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(Controls, EndAQueryThatTakesTooLong) {
  QueryResponse page;
  const grpc::Status status = Query(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
      &page, 200);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE) << status.error_message();
}

TEST_F(Controls, AreNotForWorkers) {
  As(Role::kUser);
  QueryResponse page;
  EXPECT_TRUE(Query("SELECT 1", &page).ok());
  As(Role::kWorker);
  EXPECT_EQ(Query("SELECT 1", &page).error_code(), grpc::StatusCode::PERMISSION_DENIED);
  access_.token = "guess";
  EXPECT_EQ(Query("SELECT 1", &page).error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(Controls, GiveALogInParts) {
  const auto path = folder_.Path() / "shared" / LogOf(Token{7});
  std::filesystem::create_directories(path.parent_path());
  const std::string text(static_cast<size_t>(kLogPageBytes) + 10, 'x');
  std::ofstream(path) << text;
  ReadLogRequest request;
  request.set_token(7);
  ReadLogResponse response;
  std::string got;
  do {
    ASSERT_TRUE(Call(&Control::Stub::ReadLog, request, &response).ok());
    got += response.text();
    request.set_offset(response.next_offset());
  } while (!response.text().empty());
  EXPECT_EQ(got, text);
  request.set_offset(-4);
  ASSERT_TRUE(Call(&Control::Stub::ReadLog, request, &response).ok());
  EXPECT_EQ(response.text(), "xxxx");
  request.set_token(8);
  EXPECT_EQ(Call(&Control::Stub::ReadLog, request, &response).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST_F(Controls, RemoveWhatNothingNeedsForUsersOnly) {
  const auto log = folder_.Path() / "shared" / LogOf(Token{7});
  std::filesystem::create_directories(log.parent_path());
  std::ofstream(log) << "0123456789";
  std::filesystem::last_write_time(
      log, std::filesystem::file_time_type::clock::now() - std::chrono::hours(2));
  control::v1::CollectGarbageRequest request;
  request.set_age_ms(3'600'000);
  control::v1::CollectGarbageResponse response;
  const auto collect = [&] { return Call(&Control::Stub::CollectGarbage, request, &response); };
  EXPECT_EQ(collect().error_code(), grpc::StatusCode::PERMISSION_DENIED) << "it may only read";
  As(Role::kUser);
  ASSERT_TRUE(collect().ok());
  ASSERT_EQ(response.leftovers_size(), 1);
  EXPECT_EQ(response.leftovers(0).path(), LogOf(Token{7}).string());
  EXPECT_EQ(response.leftovers(0).bytes(), 10);
  EXPECT_FALSE(response.more());
  EXPECT_TRUE(std::filesystem::exists(log)) << "nobody has asked to remove it";
  request.set_remove(true);
  request.set_age_ms(3'599'999);
  EXPECT_EQ(collect().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  request.set_age_ms(3'600'000);
  ASSERT_TRUE(collect().ok());
  EXPECT_EQ(response.leftovers_size(), 1);
  EXPECT_FALSE(std::filesystem::exists(log));
  ASSERT_TRUE(collect().ok());
  EXPECT_EQ(response.leftovers_size(), 0);
}

TEST_F(Controls, DoNotHoldUpAStop) {
  std::jthread asking([&] {
    QueryResponse page;
    Query("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
          &page, 60'000);
  });
  QueryResponse page;
  ASSERT_TRUE(Query("SELECT 1", &page).ok());
  const int64_t begin_ms = clock_.MonotonicMs();
  coordinator_.reset();
  EXPECT_LT(clock_.MonotonicMs() - begin_ms, 5'000);
}

}  // namespace
}  // namespace archsweep
