#include "coordinator/engine.h"

#include <utility>

namespace archsweep {

Result<std::unique_ptr<Engine>> Engine::Start(Store store, const Clock& clock) {
  return Begin(std::move(store), clock, nullptr);
}

Result<std::unique_ptr<Engine>> Engine::StartOnly(Store store, const ExpandedSweep& sweep,
                                                  const Clock& clock) {
  return Begin(std::move(store), clock, std::make_shared<const ExpandedSweep>(sweep));
}

Result<std::unique_ptr<Engine>> Engine::Begin(Store store, const Clock& clock,
                                              std::shared_ptr<const ExpandedSweep> only) {
  TRY_ASSIGN(auto core, EngineCore::Open(std::make_unique<StoreJournal>(std::move(store)),
                                         clock.MonotonicMs(), std::move(only)));
  std::unique_ptr<Engine> engine(new Engine(std::move(core), clock));
  engine->thread_ = std::jthread([raw = engine.get()] { raw->Loop(); });
  return engine;
}

Engine::Engine(std::unique_ptr<EngineCore> core, const Clock& clock)
    : clock_(clock), core_(std::move(core)) {
  Publish();
}

Engine::~Engine() {
  quit_asked_ = true;
  mailbox_.Interrupt();
}

void Engine::RequestStop() {
  stop_asked_ = true;
  mailbox_.Interrupt();
}

void Engine::Loop() {
  const EngineCore::RoundHooks hooks = {
      .committed =
          [this] {
            pause_.reset();
            Publish();
          },
      .wait_for_space = [this](const Error& full,
                               int64_t wait_ms) { return WaitForSpace(full, wait_ms); }};
  bool stopping = false;
  while (!quit_asked_) {
    std::vector<Message> messages = mailbox_.TakeAll(core_->WaitMs(clock_.MonotonicMs()));
    const int64_t now_ms = clock_.MonotonicMs();
    if (stop_asked_ && !std::exchange(stopping, true)) core_->RequestStop(now_ms);
    for (Message& message : messages) core_->Take(message, now_ms);
    messages.clear();
    if (const Status ended = core_->EndRound(now_ms, hooks); !ended) {
      fatal_ = ended.error();
      Publish();
      break;
    }
  }
  core_.reset();  // Calls that it holds end.
}

// False: the engine is to end.
bool Engine::WaitForSpace(const Error& full, int64_t wait_ms) {
  pause_ = full;
  Publish();
  mailbox_.WaitForInterruption(wait_ms);
  return !quit_asked_;
}

void Engine::Publish() {
  auto snapshot = std::make_shared<Snapshot>(core_->Describe(clock_.MonotonicMs()));
  snapshot->pause = pause_;
  snapshot->fatal = fatal_;
  latest_.store(std::move(snapshot));
}

}  // namespace archsweep
