#pragma once

#include <poll.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sweep/attempt/exchange.h"
#include "worker/agent/agent.h"
#include "worker/agent/attempt_process.h"
#include "worker/agent/checkpoint_search.h"
#include "worker/agent/outbox.h"
#include "worker/agent/placement.h"
#include "worker/agent/spares.h"
#include "worker/agent/spool.h"

namespace archsweep {

// What all attempts of an agent have in common; outlives them.
struct AttemptSurroundings {
  AgentOptions options;  // Its folders are absolute.
  HostResources host;
  std::vector<std::string> environment;
  const WakeEvent* wake = nullptr;
  AttemptSpares* spares = nullptr;
};

// One attempt that the coordinator gave to this worker, from the order to the answer for its final
// line. Owned by the agent's one thread.
class HeldAttempt {
 public:
  // `folder` is where its files will be; `worker` the life of the agent that it was given to.
  HeldAttempt(AttemptOrder order, std::filesystem::path folder, const WorkerId& worker,
              const AttemptSurroundings& around)
      : order_(std::move(order)),
        folder_(std::move(folder)),
        around_(around),
        spool_(folder_, worker, order_.token) {}

  const std::vector<int>& Slots() const { return order_.slots; }
  // So many attempts may use each of them at once.
  int Share() const { return order_.share; }

  // Not begun yet: it waits until its slots are free.
  bool Waiting() const { return state_ == State::kWaiting; }
  // Its end is in the outbox, or it was forgotten and is gone; it uses no slot.
  bool Ended() const { return state_ == State::kEnded; }
  bool Forgotten() const { return forgotten_; }

  // Its slots are free now.
  void Begin(int64_t now_ms);

  // Moves on by what has happened; new lines go to the outbox.
  void Step(int64_t now_ms);

  void AskStop(int64_t now_ms, StopGrace grace);
  void Kill(int64_t now_ms);

  // It is not wanted any more: its processes are killed and nothing more of it is reported.
  void Forget(int64_t now_ms);

  // The coordinator answered for its final line: removes what is of no more use. Whether something
  // was worth keeping.
  bool CleanUp();

  Outbox& Lines() { return outbox_; }
  const Outbox& Lines() const { return outbox_; }

  // Of what runs of it; null where nothing does.
  UseMeter* Meter() { return process_ ? &process_->Meter() : nullptr; }
  const UseMeter* Meter() const { return process_ ? &process_->Meter() : nullptr; }
  // What it has used, as far as it was measured.
  std::optional<ResourceUse> Use() const { return process_ ? process_->Meter().Use() : use_; }

  void AddDescriptors(std::vector<pollfd>& descriptors) const;
  std::optional<int64_t> DeadlineMs() const;

 private:
  enum class State { kWaiting, kSearching, kRunning, kEnded };

  void Launch(int64_t now_ms, std::optional<CheckpointRef> resume);
  std::filesystem::path Checkpoints() const;  // Of its task.
  std::filesystem::path SharedLog() const;
  void KeepArtifact(ReportedLine& reported) const;
  Job MakeJob(std::optional<CheckpointRef> resume) const;
  void End(int64_t now_ms, Failure failure);
  void Keep(int64_t now_ms, ProgressLine line, std::string flags);

  AttemptOrder order_;
  std::filesystem::path folder_;
  const AttemptSurroundings& around_;
  State state_ = State::kWaiting;
  bool forgotten_ = false;
  Placement placement_;
  std::unique_ptr<CheckpointSearch> search_;
  std::optional<AttemptProcess> process_;
  std::optional<ResourceUse> use_;  // Once it has ended.
  Outbox outbox_;
  Spool spool_;
  std::optional<ProgressLine> final_line_;
};

}  // namespace archsweep
