#include "tests/worker/agent/scripted_coordinator.h"

#include <algorithm>

#include <grpcpp/server_builder.h>

#include "base/check.h"
#include "base/text.h"
#include "proto/convert.h"

namespace archsweep {
namespace {

constexpr int64_t kLeaseMs = 60'000;
constexpr int64_t kNextCallMs = 20;  // So that a change of the script is soon seen.

bool IsAllowed(const grpc::ServerContext& context) {
  const auto [begin, end] = context.client_metadata().equal_range("authorization");
  return begin != end && begin->second == Format("Bearer {}", ScriptedCoordinator::kToken);
}

}  // namespace

ScriptedCoordinator::ScriptedCoordinator() {
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
  CHECK(server_ != nullptr && port_ > 0);
}

ScriptedCoordinator::~ScriptedCoordinator() { server_->Shutdown(std::chrono::system_clock::now()); }

std::string ScriptedCoordinator::Address() const { return Format("127.0.0.1:{}", port_); }

void ScriptedCoordinator::Desire(const AttemptOrder& order) {
  const std::lock_guard lock(mutex_);
  desired_[order.token] = order;
}

void ScriptedCoordinator::Withdraw(Token token) {
  const std::lock_guard lock(mutex_);
  desired_.erase(token);
}

void ScriptedCoordinator::AskStop(Token token) {
  const std::lock_guard lock(mutex_);
  desired_.at(token).stop = true;
}

void ScriptedCoordinator::AnswerWith(grpc::StatusCode code) {
  const std::lock_guard lock(mutex_);
  answer_ = code;
}

void ScriptedCoordinator::ForgetLines() {
  const std::lock_guard lock(mutex_);
  lines_.clear();
  uses_.clear();
}

std::map<int64_t, ProgressLine> ScriptedCoordinator::LinesOf(Token token) const {
  const std::lock_guard lock(mutex_);
  std::map<int64_t, ProgressLine> lines;
  const auto found = lines_.find(token);
  if (found == lines_.end()) return lines;
  for (const auto& [number, text] : found->second) {
    lines.emplace(number, ParseProgress(std::string_view(text).substr(0, text.size() - 1)).value());
  }
  return lines;
}

std::optional<ResourceUse> ScriptedCoordinator::UseOf(Token token) const {
  const std::lock_guard lock(mutex_);
  const auto found = uses_.find(token);
  return found == uses_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<WorkerDescription> ScriptedCoordinator::Registrations() const {
  const std::lock_guard lock(mutex_);
  return registrations_;
}

int ScriptedCoordinator::Reports() const {
  const std::lock_guard lock(mutex_);
  return reports_;
}

int ScriptedCoordinator::FailedCalls() const {
  const std::lock_guard lock(mutex_);
  return failed_calls_;
}

bool ScriptedCoordinator::HasLeft() const {
  const std::lock_guard lock(mutex_);
  return has_left_;
}

bool ScriptedCoordinator::LinesChanged() const {
  const std::lock_guard lock(mutex_);
  return lines_changed_;
}

grpc::Status ScriptedCoordinator::Register(grpc::ServerContext* context,
                                           const fleet::v1::RegisterRequest* request,
                                           fleet::v1::RegisterResponse* response) {
  if (!IsAllowed(*context)) return {grpc::StatusCode::UNAUTHENTICATED, "wrong token"};
  const auto description = FromWire(*request);
  if (!description) return {grpc::StatusCode::INVALID_ARGUMENT, description.error().message};
  const std::lock_guard lock(mutex_);
  registrations_.push_back(*description);
  answer_ = grpc::StatusCode::OK;
  response->set_lease_ms(kLeaseMs);
  return grpc::Status::OK;
}

grpc::Status ScriptedCoordinator::Synchronize(grpc::ServerContext*,
                                              const fleet::v1::SynchronizeRequest* request,
                                              fleet::v1::SynchronizeResponse* response) {
  const auto report = FromWire(*request);
  if (!report) return {grpc::StatusCode::INVALID_ARGUMENT, report.error().message};
  const std::lock_guard lock(mutex_);
  // What a failing call carried is known here, as where an answer is lost on its way.
  Keep(*report);
  ++reports_;
  if (answer_ != grpc::StatusCode::OK) {
    ++failed_calls_;
    return {answer_, "as the script says"};
  }
  has_left_ = report->leaving;
  WorkerOrders orders{.attempts = {}, .next_call_ms = kNextCallMs};
  for (const auto& [token, order] : desired_) {
    orders.attempts.push_back(order);
    orders.attempts.back().known =
        std::ranges::find(report->attempts, token, &ObservedAttempt::token) !=
        report->attempts.end();
  }
  *response = ToWire(orders);
  return grpc::Status::OK;
}

void ScriptedCoordinator::Keep(const WorkerReport& report) {
  for (const ObservedAttempt& attempt : report.attempts) {
    if (attempt.use) uses_[attempt.token] = *attempt.use;
    for (const NumberedLine& line : attempt.lines) {
      const auto [known, is_new] = lines_[attempt.token].emplace(line.number, ToText(line.line));
      lines_changed_ = lines_changed_ || (!is_new && known->second != ToText(line.line));
    }
  }
}

}  // namespace archsweep
