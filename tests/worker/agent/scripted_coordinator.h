#pragma once

#include <grpcpp/server.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "proto/fleet.grpc.pb.h"
#include "sweep/attempt/exchange.h"

namespace archsweep {

// What an agent meets in a test: desires what it is told, answers as it is told, and keeps what the
// agent said. Any thread.
class ScriptedCoordinator final : public fleet::v1::Fleet::Service {
 public:
  static constexpr const char* kToken = "secret";

  ScriptedCoordinator();
  ~ScriptedCoordinator() override;

  std::string Address() const;

  // From the next call on.
  void Desire(const AttemptOrder& order);
  void Withdraw(Token token);
  void AskStop(Token token);
  // Calls to Synchronize end with `code` until this is called with OK.
  void AnswerWith(grpc::StatusCode code);

  // As one does that was restored from before. Likewise what attempts used.
  void ForgetLines();

  // Of one attempt: every line once, by its number. A line that came again must be the same.
  std::map<int64_t, ProgressLine> LinesOf(Token token) const;
  std::optional<ResourceUse> UseOf(Token token) const;  // As it was told last.
  std::vector<WorkerDescription> Registrations() const;
  int Reports() const;  // Calls to Synchronize.
  int FailedCalls() const;
  bool HasLeft() const;
  bool LinesChanged() const;

 private:
  grpc::Status Register(grpc::ServerContext* context, const fleet::v1::RegisterRequest* request,
                        fleet::v1::RegisterResponse* response) override;
  grpc::Status Synchronize(grpc::ServerContext* context,
                           const fleet::v1::SynchronizeRequest* request,
                           fleet::v1::SynchronizeResponse* response) override;
  void Keep(const WorkerReport& report);

  mutable std::mutex mutex_;
  std::map<Token, AttemptOrder> desired_;
  std::map<Token, std::map<int64_t, std::string>> lines_;
  std::map<Token, ResourceUse> uses_;
  std::vector<WorkerDescription> registrations_;
  grpc::StatusCode answer_ = grpc::StatusCode::OK;
  int reports_ = 0;
  int failed_calls_ = 0;
  bool has_left_ = false;
  bool lines_changed_ = false;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;  // Last: its calls use all of the above.
};

}  // namespace archsweep
