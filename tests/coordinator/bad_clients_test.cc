// What callers say who mean harm, or are broken: the services go on, in bounded memory, and answer
// with the code that says what is wrong.

#include <arpa/inet.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <fstream>
#include <random>

#include "base/unique_fd.h"
#include "coordinator/coordinator.h"
#include "proto/access/channel.h"
#include "proto/control.grpc.pb.h"
#include "proto/convert.h"
#include "proto/fleet.grpc.pb.h"
#include "tests/base/temporary_folder.h"

namespace archsweep {
namespace {

constexpr const char* kRegister = "/archsweep.fleet.v1.Fleet/Register";
constexpr const char* kSynchronize = "/archsweep.fleet.v1.Fleet/Synchronize";
constexpr const char* kQuery = "/archsweep.control.v1.Control/Query";
constexpr const char* kReadLog = "/archsweep.control.v1.Control/ReadLog";
constexpr const char* kCancel = "/archsweep.control.v1.Control/Cancel";
constexpr const char* kSubmit = "/archsweep.control.v1.Control/Submit";
constexpr const char* kCollect = "/archsweep.control.v1.Control/CollectGarbage";
constexpr const char* kSweep =
    "name: test\nbase:\n  dataset: cifar10-quickstart\n"
    "  architecture: { block: basic, depth: 1, width: 1 }\n"
    "  training: { recipe: bat, epochs: 1, batch_size: 64 }\n"
    "grid:\n  seed: [0, 1]\nevaluations: [clean]\nresources: { gpus: 0 }\n";
constexpr const char* kMethods[] = {kRegister, kSynchronize, kQuery,  kReadLog,
                                    kSubmit,   kCancel,      kCollect};

int64_t MemoryMib() {
  int64_t pages = 0;
  int64_t resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  constexpr int64_t kPagesPerMib = 256;
  return resident / kPagesPerMib;
}

class BadClients : public testing::Test {
 protected:
  BadClients()
      : coordinator_(Coordinator::Start({.state_folder = folder_.Path() / "state",
                                         .shared_folder = folder_.Path() / "shared",
                                         .listen = {"127.0.0.1", 0},
                                         .http = {"127.0.0.1", 0}},
                                        clock_)
                         .value()) {}
  ~BadClients() override { ExpectServing(); }

  Access AccessOf(Role role) const {
    return ReadAccess(AccessFile(folder_.Path() / "shared", role)).value();
  }

  // Any bytes as the message of any method.
  grpc::Status Send(const std::string& method, const std::string& bytes, const Access& access,
                    const std::string& more_metadata = "") const {
    grpc::GenericStub stub(Connect(access).value());
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    if (!access.token.empty()) context.AddMetadata(kAuthorizationKey, AuthorizationOf(access));
    if (!more_metadata.empty()) context.AddMetadata("more", more_metadata);
    grpc::CompletionQueue queue;
    const grpc::Slice slice(bytes);
    const grpc::ByteBuffer message(&slice, 1);
    const auto call = stub.PrepareUnaryCall(&context, method, message, &queue);
    call->StartCall();
    grpc::ByteBuffer answer;
    grpc::Status status;
    call->Finish(&answer, &status, nullptr);
    void* tag = nullptr;
    bool ok = false;
    EXPECT_TRUE(queue.Next(&tag, &ok));
    return status;
  }

  Access For(const std::string& method) const {
    return AccessOf(method.find("fleet") != std::string::npos ? Role::kWorker : Role::kUser);
  }

  void ExpectServing() const {
    const auto stub = control::v1::Control::NewStub(Connect(AccessOf(Role::kUser)).value());
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
    context.AddMetadata(kAuthorizationKey, AuthorizationOf(AccessOf(Role::kUser)));
    control::v1::QueryRequest request;
    request.set_sql("SELECT 1");
    control::v1::QueryResponse response;
    EXPECT_TRUE(stub->Query(&context, request, &response).ok());
    EXPECT_FALSE(coordinator_->Running().Latest()->fatal);
  }

  TemporaryFolder folder_;
  SystemClock clock_;
  std::unique_ptr<Coordinator> coordinator_;
};

TEST_F(BadClients, WithoutATokenGetNothing) {
  for (const std::string method : kMethods) {
    Access access = For(method);
    access.token = "";
    EXPECT_EQ(Send(method, "", access).error_code(), grpc::StatusCode::UNAUTHENTICATED) << method;
    access.token = std::string(5'000, 'x');
    EXPECT_EQ(Send(method, "", access).error_code(), grpc::StatusCode::UNAUTHENTICATED) << method;
  }
}

TEST_F(BadClients, SendBytesThatAreNoMessage) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  for (const std::string method : kMethods) {
    for (int i = 0; i < 25; ++i) {
      std::string bytes(random() % 200, '\0');
      for (char& byte : bytes) byte = static_cast<char>(random());
      const auto code = Send(method, bytes, For(method)).error_code();
      // gRPC itself says UNIMPLEMENTED where the bytes are no message at all; a report in which
      // they say nothing of a protocol is of none that may be spoken.
      EXPECT_TRUE(code == grpc::StatusCode::UNIMPLEMENTED ||
                  (method == kSynchronize && code == grpc::StatusCode::PERMISSION_DENIED) ||
                  code == grpc::StatusCode::INVALID_ARGUMENT || code == grpc::StatusCode::NOT_FOUND)
          << method << " " << code;
    }
  }
  EXPECT_EQ(Send("/archsweep.fleet.v1.Fleet/Other", "", For(kRegister)).error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(BadClients, SendTooMuch) {
  const std::string large(size_t{21} << 20, 'x');
  const int64_t before = MemoryMib();
  for (const std::string method : kMethods) {
    Access stranger = For(method);
    stranger.token = "";
    for (const Access& access : {For(method), stranger}) {
      for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(Send(method, large, access).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED)
            << method;
      }
    }
    EXPECT_EQ(Send(method, "", For(method), std::string(100'000, 'x')).error_code(),
              grpc::StatusCode::RESOURCE_EXHAUSTED)
        << method;
  }
  // 24 messages of 21 MiB, of which the test itself holds some.
  EXPECT_LT(MemoryMib() - before, 250);
}

TEST_F(BadClients, RepeatWhatTheyHaveSaid) {
  control::v1::SubmitRequest submission;
  submission.set_text(kSweep);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(Send(kSubmit, submission.SerializeAsString(), For(kSubmit)).ok());
  }
  const WorkerId worker = RandomId<WorkerId>();
  const std::string hello =
      ToWire(WorkerDescription{.worker = worker, .host = "h", .cpu_slots = 1, .version = "test"})
          .SerializeAsString();
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(Send(kRegister, hello, For(kRegister)).ok());
  const Token token{1};
  const WorkerReport started{
      .worker = worker,
      .attempts = {{token, {{1, StartedLine{"1.0", "torch", "processor", 1, 0}, ""}}}}};
  const WorkerReport failed{
      .worker = worker,
      .attempts = {{token, {{2, FailedLine{{FailureClass::kConfiguration, "x"}}, ""}}}}};
  for (const WorkerReport& report : {started, failed, started, failed, started}) {
    EXPECT_TRUE(Send(kSynchronize, ToWire(report).SerializeAsString(), For(kSynchronize)).ok());
  }
  Reader reader = Reader::Open(folder_.Path() / "state", clock_).value();
  Rows rows = reader.Query("SELECT count(*) FROM event WHERE kind = 'attempt_failed'").value();
  ASSERT_TRUE(rows.Next().value());
  EXPECT_EQ(std::get<int64_t>(rows.At(0)), 1);
}

// Connections over TCP alone.
class Silent {
 public:
  Silent(const Address& address, std::string_view words)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<uint16_t>(address.port));
    inet_pton(AF_INET, address.host.c_str(), &to.sin_addr);
    EXPECT_EQ(connect(fd_.Get(), reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
    EXPECT_EQ(send(fd_.Get(), words.data(), words.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(words.size()));
  }

 private:
  UniqueFd fd_;
};

TEST_F(BadClients, SaySlowlyOrNothing) {
  const Address address = ParseAddress(AccessOf(Role::kWorker).addresses.front()).value();
  std::vector<std::unique_ptr<Silent>> connections;
  const int64_t before = MemoryMib();
  for (int i = 0; i < 50; ++i) {
    connections.push_back(std::make_unique<Silent>(address, ""));
    connections.push_back(std::make_unique<Silent>(address, "GET / HTTP/1.1\r\n"));
    connections.push_back(std::make_unique<Silent>(address, "\x16\x03\x01\x02"));
  }
  ExpectServing();
  EXPECT_LT(MemoryMib() - before, 100);
}

TEST_F(BadClients, AskForFilesElsewhere) {
  for (const int64_t token : {int64_t{-1}, int64_t{0}, std::numeric_limits<int64_t>::max()}) {
    control::v1::ReadLogRequest request;
    request.set_token(token);
    request.set_offset(std::numeric_limits<int64_t>::min());
    EXPECT_EQ(Send(kReadLog, request.SerializeAsString(), For(kReadLog)).error_code(),
              grpc::StatusCode::NOT_FOUND);
  }
}

}  // namespace
}  // namespace archsweep
