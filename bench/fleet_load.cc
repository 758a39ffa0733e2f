// Many simulated workers in one process, each with a connection of its own: the load for
// bench/scale.
//
//   fleet_load ACCESS-FILE WORKERS SLOTS train|finish SECONDS
//
// With "train" an attempt takes one step for each regular call and never ends; with "finish" it
// ends well in the first call after its order. Prints a line of JSON with the time and the count
// whenever all workers have got an answer since the coordinator was last away, and one with the
// totals.

#include <poll.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "archsweep_version.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/text.h"
#include "proto/access/access.h"
#include "worker/agent/fleet_client.h"

namespace archsweep {
namespace {

constexpr int64_t kRetryMs = 2'000;

struct Attempt {
  bool evaluates = false;
  bool started = false;
  int64_t step = 0;
  int64_t number = 0;  // Of its newest line.
  bool ended = false;
};

class LoadWorker {
 public:
  LoadWorker(const Access& access, int slots, bool finishes, int64_t first_call_ms)
      : wake_(std::make_unique<WakeEvent>(WakeEvent::Create().value())),
        client_(FleetClient::To(access, *wake_).value()),
        slots_(slots),
        finishes_(finishes),
        next_call_ms_(first_call_ms) {}

  int Fd() const { return wake_->Fd(); }
  int64_t NextCallMs() const { return next_call_ms_; }
  bool Busy() const { return client_.Busy(); }
  bool Answers() const { return answers_; }
  int64_t Ended() const { return ended_; }
  int64_t Calls() const { return calls_; }

  void TakeAnswer(int64_t now_ms) {
    wake_->Lower();
    const auto answer = client_.Take();
    if (!answer) return;
    answers_ = answer->has_value();
    if (!answers_) {
      registered_ = registered_ && answer->error().kind != ErrorKind::kNotFound;
      next_call_ms_ = now_ms + kRetryMs;
    } else if (const auto* orders = std::get_if<WorkerOrders>(&**answer)) {
      Follow(*orders, now_ms);
    } else {
      registered_ = true;
      next_call_ms_ = now_ms;
    }
  }

  void Call() {
    ++calls_;
    if (!registered_) {
      attempts_.clear();
      return client_.Register(
          {.worker = worker_, .host = "load", .cpu_slots = slots_, .version = kBuild});
    }
    WorkerReport report{.worker = worker_};
    for (auto& [token, attempt] : attempts_) report.attempts.push_back({token, Lines(attempt)});
    client_.Synchronize(report);
  }

 private:
  std::vector<NumberedLine> Lines(Attempt& attempt) {
    std::vector<NumberedLine> lines;
    const auto add = [&](ProgressLine line, std::string flags) {
      lines.push_back({++attempt.number, std::move(line), std::move(flags)});
    };
    if (attempt.ended) attempt.number = 0;  // Told again, for the answer was lost.
    if (!std::exchange(attempt.started, true) || attempt.ended) add(StartedLine{}, "");
    if (!finishes_) {
      add(StepLine{.step = ++attempt.step, .steps = 1'000'000, .loss = 1}, "");
    } else if (attempt.evaluates) {
      add(EvaluatedLine{.images = 8, .correct = 3, .flags_file = "flags"}, "\x07");
    } else {
      add(TrainedLine{.steps = 1, .folder = "weights", .model_sha256 = std::string(64, 'a')}, "");
    }
    attempt.ended = finishes_;
    return lines;
  }

  void Follow(const WorkerOrders& orders, int64_t now_ms) {
    std::map<Token, Attempt> kept;
    bool has_new = false;
    for (const AttemptOrder& order : orders.attempts) {
      const auto found = attempts_.find(order.token);
      has_new = has_new || found == attempts_.end();
      kept[order.token] = found != attempts_.end()
                              ? found->second
                              : Attempt{.evaluates = order.evaluation.has_value()};
    }
    for (const auto& [token, attempt] : attempts_) ended_ += attempt.ended ? 1 : 0;
    attempts_ = std::move(kept);
    next_call_ms_ = now_ms + (has_new ? 0 : orders.next_call_ms);
  }

  std::unique_ptr<WakeEvent> wake_;
  FleetClient client_;
  const WorkerId worker_ = RandomId<WorkerId>();
  const int slots_;
  const bool finishes_;
  bool registered_ = false;
  bool answers_ = false;
  int64_t next_call_ms_;
  std::map<Token, Attempt> attempts_;
  int64_t ended_ = 0;
  int64_t calls_ = 0;
};

class Load {
 public:
  Load(const Access& access, int workers, int slots, bool finishes) {
    for (int i = 0; i < workers; ++i)
      workers_.emplace_back(access, slots, finishes, clock_.MonotonicMs());
  }

  void Run(int64_t seconds) {
    const int64_t begin_ms = clock_.MonotonicMs();
    const int64_t end_ms = begin_ms + seconds * 1'000;
    for (int64_t now_ms = begin_ms; now_ms < end_ms; now_ms = clock_.MonotonicMs()) {
      Wait(now_ms, end_ms);
      Turn();
    }
    int64_t ended = 0;
    int64_t calls = 0;
    for (const LoadWorker& worker : workers_) {
      ended += worker.Ended();
      calls += worker.Calls();
    }
    std::printf("{\"calls\": %ld, \"ended\": %ld, \"seconds\": %ld}\n", calls, ended, seconds);
  }

 private:
  void Wait(int64_t now_ms, int64_t end_ms) {
    descriptors_.clear();
    int64_t until_ms = end_ms;
    for (const LoadWorker& worker : workers_) {
      descriptors_.push_back({worker.Fd(), POLLIN, 0});
      if (!worker.Busy()) until_ms = std::min(until_ms, worker.NextCallMs());
    }
    poll(descriptors_.data(), descriptors_.size(),
         static_cast<int>(std::max<int64_t>(until_ms - now_ms, 0)));
  }

  void Turn() {
    const int64_t now_ms = clock_.MonotonicMs();
    size_t answering = 0;
    for (size_t i = 0; i < workers_.size(); ++i) {
      LoadWorker& worker = workers_[i];
      if (descriptors_[i].revents != 0) worker.TakeAnswer(now_ms);
      if (!worker.Busy() && worker.NextCallMs() <= now_ms) worker.Call();
      answering += worker.Answers() ? 1 : 0;
    }
    const bool all = answering == workers_.size();
    if (all && !std::exchange(all_answer_, all)) {
      std::printf("{\"at_ms\": %ld, \"answering\": %zu}\n", clock_.WallMs(), answering);
      std::fflush(stdout);
    }
    all_answer_ = all;
  }

  SystemClock clock_;
  std::vector<LoadWorker> workers_;
  std::vector<pollfd> descriptors_;
  bool all_answer_ = false;
};

int Main(const std::vector<std::string>& arguments) {
  CHECK(arguments.size() == 5);
  const auto access = ReadAccess(arguments[0]);
  CHECK(access);
  const auto number = [&](size_t i) {
    return static_cast<int>(ParseInteger(arguments[i]).value());
  };
  Load(*access, number(1), number(2), arguments[3] == "finish").Run(number(4));
  return 0;
}

}  // namespace
}  // namespace archsweep

int main(int argc, char** argv) { return archsweep::Main({argv + 1, argv + argc}); }
