#include "coordinator/coordinator.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "proto/access/channel.h"
#include "proto/convert.h"
#include "proto/fleet.grpc.pb.h"
#include "tests/base/temporary_folder.h"

namespace archsweep {
namespace {

class Coordinators : public testing::Test {
 protected:
  CoordinatorOptions Options() const {
    return {.state_folder = folder_.Path() / "state",
            .shared_folder = folder_.Path() / "shared",
            .listen = {"127.0.0.1", 0},
            .http = {"127.0.0.1", 0}};
  }
  Result<std::unique_ptr<Coordinator>> Start(const CoordinatorOptions& options) {
    return Coordinator::Start(options, clock_);
  }

  static grpc::StatusCode RegisterWith(const Access& access) {
    const auto stub = fleet::v1::Fleet::NewStub(Connect(access).value());
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
    context.AddMetadata(kAuthorizationKey, AuthorizationOf(access));
    fleet::v1::RegisterResponse response;
    return stub
        ->Register(
            &context,
            ToWire(WorkerDescription{
                .worker = RandomId<WorkerId>(), .host = "h", .cpu_slots = 1, .version = "test"}),
            &response)
        .error_code();
  }

  TemporaryFolder folder_;
  SystemClock clock_;
};

TEST_F(Coordinators, TellInTheSharedFolderHowToCallThem) {
  const auto coordinator = Start(Options()).value();
  const Access worker = ReadAccess(AccessFile(Options().shared_folder, Role::kWorker)).value();
  EXPECT_EQ(worker.epoch, 1);
  EXPECT_EQ(RegisterWith(worker), grpc::StatusCode::OK);
  const Access user = ReadAccess(AccessFile(Options().shared_folder, Role::kUser)).value();
  EXPECT_EQ(user.database, worker.database);
  EXPECT_EQ(RegisterWith(user), grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(Coordinators, KeepTheirTokensWhenTheyStartAgain) {
  Start(Options()).value();
  const Access first = ReadAccess(AccessFile(Options().shared_folder, Role::kWorker)).value();
  const auto again = Start(Options()).value();
  const Access second = ReadAccess(AccessFile(Options().shared_folder, Role::kWorker)).value();
  EXPECT_EQ(second.epoch, first.epoch + 1);
  EXPECT_EQ(second.token, first.token);
  EXPECT_EQ(second.authority, first.authority);
  EXPECT_EQ(second.database, first.database);
}

TEST_F(Coordinators, RefuseAStateFolderThatAnotherHolds) {
  const auto first = Start(Options()).value();
  const auto second = Start(Options());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::kBusy);
  EXPECT_NE(second.error().message.find(std::to_string(getpid())), std::string::npos)
      << second.error().message;
}

TEST_F(Coordinators, AdvertiseWhatTheyAreTold) {
  CoordinatorOptions options = Options();
  options.advertise = {"10.1.2.3", "node-7"};
  const auto coordinator = Start(options).value();
  const auto& addresses = coordinator->WorkerAccess().addresses;
  ASSERT_EQ(addresses.size(), 2u);
  EXPECT_TRUE(addresses[0].starts_with("10.1.2.3:"));
  EXPECT_TRUE(addresses[1].starts_with("node-7:"));
}

}  // namespace
}  // namespace archsweep
