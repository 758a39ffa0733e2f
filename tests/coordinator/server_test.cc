#include "coordinator/server.h"

#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>

#include <chrono>

#include "proto/convert.h"
#include "tests/base/temporary_folder.h"
#include "tests/coordinator/sweep_fixture.h"

namespace archsweep {
namespace {

class ServerTest : public testing::Test {
 protected:
  ServerTest()
      : engine_(Engine::Start(Store::Open(folder_.Path(), clock_).value(), SmallSweep(1), clock_)
                    .value()),
        server_(Server::Start(*engine_, "secret").value()),
        stub_(fleet::v1::Fleet::NewStub(
            grpc::CreateChannel(server_->Address(), grpc::InsecureChannelCredentials()))) {}

  template <class Response, class Request>
  grpc::Status Call(grpc::Status (fleet::v1::Fleet::Stub::*method)(grpc::ClientContext*,
                                                                   const Request&, Response*),
                    const Request& request, const std::string& authorization, Response* response) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
    if (!authorization.empty()) context.AddMetadata("authorization", authorization);
    return (stub_.get()->*method)(&context, request, response);
  }

  TemporaryFolder folder_;
  SystemClock clock_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<fleet::v1::Fleet::Stub> stub_;
};

TEST_F(ServerTest, ListensOnLoopbackOnly) {
  EXPECT_TRUE(server_->Address().starts_with("127.0.0.1:"));
}

TEST_F(ServerTest, RefusesCallsWithoutTheToken) {
  const auto request =
      ToWire(WorkerDescription{.worker = RandomId<WorkerId>(), .host = "h", .cpu_slots = 1});
  fleet::v1::RegisterResponse response;
  for (const char* authorization :
       {"", "secret", "Bearer ", "Bearer secre", "Bearer secretx", "bearer secret"}) {
    EXPECT_EQ(
        Call(&fleet::v1::Fleet::Stub::Register, request, authorization, &response).error_code(),
        grpc::StatusCode::UNAUTHENTICATED)
        << authorization;
  }
  EXPECT_TRUE(Call(&fleet::v1::Fleet::Stub::Register, request, "Bearer secret", &response).ok());
  EXPECT_GT(response.lease_ms(), 0);
}

TEST_F(ServerTest, GivesWorkToAWorkerThatRegistered) {
  const WorkerId worker = RandomId<WorkerId>();
  fleet::v1::RegisterResponse registered;
  ASSERT_TRUE(Call(&fleet::v1::Fleet::Stub::Register,
                   ToWire(WorkerDescription{.worker = worker, .host = "h", .cpu_slots = 1}),
                   "Bearer secret", &registered)
                  .ok());
  fleet::v1::SynchronizeResponse response;
  ASSERT_TRUE(Call(&fleet::v1::Fleet::Stub::Synchronize, ToWire(WorkerReport{.worker = worker}),
                   "Bearer secret", &response)
                  .ok());
  const WorkerOrders orders = FromWire(response).value();
  ASSERT_EQ(orders.attempts.size(), 1u);
  EXPECT_EQ(orders.attempts[0].trial, SmallSweep(1).trials[0].spec);
}

TEST_F(ServerTest, TellsAWorkerWhatIsWrongWithItsCall) {
  fleet::v1::SynchronizeResponse response;
  fleet::v1::SynchronizeRequest request;
  request.set_worker_id("short");
  const grpc::Status invalid =
      Call(&fleet::v1::Fleet::Stub::Synchronize, request, "Bearer secret", &response);
  EXPECT_EQ(invalid.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_NE(invalid.error_message().find("worker_id"), std::string::npos)
      << invalid.error_message();
  const grpc::Status unknown =
      Call(&fleet::v1::Fleet::Stub::Synchronize,
           ToWire(WorkerReport{.worker = RandomId<WorkerId>()}), "Bearer secret", &response);
  EXPECT_EQ(unknown.error_code(), grpc::StatusCode::NOT_FOUND);
}

}  // namespace
}  // namespace archsweep
