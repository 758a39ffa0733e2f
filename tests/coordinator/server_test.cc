#include "coordinator/server.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <chrono>

#include "proto/access/channel.h"
#include "proto/convert.h"
#include "tests/base/temporary_folder.h"
#include "tests/coordinator/sweep_fixture.h"

namespace archsweep {
namespace {

class ServerTest : public testing::Test {
 protected:
  ServerTest()
      : engine_(
            Engine::StartOnly(Store::Open(folder_.Path(), clock_).value(), SmallSweep(1), clock_)
                .value()),
        server_(
            Server::Start(*engine_, {.tokens = {{Role::kWorker, "secret"}, {Role::kUser, "other"}}})
                .value()),
        stub_(fleet::v1::Fleet::NewStub(
            grpc::CreateChannel(ToText(server_->Listens()), grpc::InsecureChannelCredentials()))) {}

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

TEST_F(ServerTest, ListensInPlainTextOnLoopbackOnly) {
  EXPECT_EQ(server_->Listens().host, "127.0.0.1");
  for (const char* host : {"0.0.0.0", "::", "10.0.0.1"}) {
    const auto open = Server::Start(*engine_, {.listen = {host, 0}, .tokens = {}});
    ASSERT_FALSE(open) << host;
    EXPECT_EQ(open.error().kind, ErrorKind::kInvalidInput) << open.error().message;
  }
}

TEST_F(ServerTest, RefusesCallsWithoutTheToken) {
  const auto request = ToWire(WorkerDescription{
      .worker = RandomId<WorkerId>(), .host = "h", .cpu_slots = 1, .version = "test"});
  fleet::v1::RegisterResponse response;
  for (const char* authorization :
       {"", "secret", "Bearer ", "Bearer secre", "Bearer secretx", "bearer secret"}) {
    EXPECT_EQ(
        Call(&fleet::v1::Fleet::Stub::Register, request, authorization, &response).error_code(),
        grpc::StatusCode::UNAUTHENTICATED)
        << authorization;
  }
  EXPECT_EQ(
      Call(&fleet::v1::Fleet::Stub::Register, request, "Bearer other", &response).error_code(),
      grpc::StatusCode::PERMISSION_DENIED)
      << "a user's token is not a worker's";
  EXPECT_TRUE(Call(&fleet::v1::Fleet::Stub::Register, request, "Bearer secret", &response).ok());
  EXPECT_GT(response.lease_ms(), 0);
}

TEST_F(ServerTest, GivesWorkToAWorkerThatRegistered) {
  const WorkerId worker = RandomId<WorkerId>();
  fleet::v1::RegisterResponse registered;
  ASSERT_TRUE(Call(&fleet::v1::Fleet::Stub::Register,
                   ToWire(WorkerDescription{
                       .worker = worker, .host = "h", .cpu_slots = 1, .version = "test"}),
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
  request.set_protocol(kFleetProtocol);
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

TEST_F(ServerTest, RefusesAWorkerOfAnotherProtocol) {
  auto request = ToWire(WorkerDescription{
      .worker = RandomId<WorkerId>(), .host = "h", .cpu_slots = 1, .version = "test"});
  request.set_protocol(kFleetProtocol + 1);
  fleet::v1::RegisterResponse response;
  const grpc::Status refused =
      Call(&fleet::v1::Fleet::Stub::Register, request, "Bearer secret", &response);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_NE(refused.error_message().find("same release"), std::string::npos)
      << refused.error_message();
  auto report = ToWire(WorkerReport{.worker = RandomId<WorkerId>()});
  report.set_protocol(kFleetProtocol + 1);
  fleet::v1::SynchronizeResponse orders;
  EXPECT_EQ(
      Call(&fleet::v1::Fleet::Stub::Synchronize, report, "Bearer secret", &orders).error_code(),
      grpc::StatusCode::PERMISSION_DENIED);
}

// By bytes of grpc.health.v1: no service is named; 1 is SERVING.
grpc::Status CheckHealth(const Address& address, const std::string& authorization,
                         std::string* answer) {
  grpc::GenericStub stub(grpc::CreateChannel(ToText(address), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
  if (!authorization.empty()) context.AddMetadata("authorization", authorization);
  grpc::CompletionQueue queue;
  const grpc::Slice empty;
  const auto call = stub.PrepareUnaryCall(&context, "/grpc.health.v1.Health/Check",
                                          grpc::ByteBuffer(&empty, 1), &queue);
  call->StartCall();
  grpc::ByteBuffer message;
  grpc::Status status;
  call->Finish(&message, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  EXPECT_TRUE(queue.Next(&tag, &ok));
  grpc::Slice slice;
  if (message.DumpToSingleSlice(&slice).ok()) {
    answer->assign(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return status;
}

TEST_F(ServerTest, TellsItsHealthWithAndWithoutAToken) {
  for (const char* authorization : {"", "Bearer secret", "Bearer wrong"}) {
    std::string answer;
    const grpc::Status status = CheckHealth(server_->Listens(), authorization, &answer);
    ASSERT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(answer, "\x08\x01") << authorization;
  }
}

class EncryptedServerTest : public ServerTest {
 protected:
  EncryptedServerTest()
      : authority_(MakeAuthority("d").value()),
        encrypted_(
            Server::Start(
                *engine_,
                {.tokens = {{Role::kWorker, "secret"}},
                 .certificate = MakeServerCertificate(authority_, {kCoordinatorName}).value()})
                .value()) {}

  grpc::Status RegisterWith(const Access& access) {
    stub_ = fleet::v1::Fleet::NewStub(Connect(access).value());
    fleet::v1::RegisterResponse response;
    return Call(
        &fleet::v1::Fleet::Stub::Register,
        ToWire(WorkerDescription{
            .worker = RandomId<WorkerId>(), .host = "h", .cpu_slots = 1, .version = "test"}),
        AuthorizationOf(access), &response);
  }
  Access AccessWith(const Certificate& authority) const {
    return {.role = Role::kWorker,
            .addresses = {ToText(encrypted_->Listens())},
            .token = "secret",
            .authority = authority.certificate};
  }

  Certificate authority_;
  std::unique_ptr<Server> encrypted_;
};

TEST_F(EncryptedServerTest, ServesThoseWhoKnowItsAuthority) {
  EXPECT_TRUE(RegisterWith(AccessWith(authority_)).ok());
}

TEST_F(EncryptedServerTest, IsNotTrustedUnderAnotherAuthority) {
  EXPECT_EQ(RegisterWith(AccessWith(MakeAuthority("d").value())).error_code(),
            grpc::StatusCode::UNAVAILABLE);
}

TEST_F(EncryptedServerTest, DoesNotTalkInPlainText) {
  EXPECT_EQ(RegisterWith(AccessWith({})).error_code(), grpc::StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace archsweep
