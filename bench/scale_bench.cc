#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <latch>
#include <memory>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "coordinator/engine.h"
#include "storage/database.h"
#include "storage/reader.h"
#include "storage/store.h"
#include "tests/base/temporary_folder.h"
#include "tests/coordinator/sweep_fixture.h"

// One state of 100,000 networks and 1,000 workers, which stand for a sweep on a large cluster.

namespace archsweep {
namespace {

constexpr int kTrials = 100'000;
constexpr int kWorkers = 1'000;

const ExpandedSweep& LargeSweep() {
  static const ExpandedSweep kSweep = SmallSweep(kTrials, "large");
  return kSweep;
}

double PeakMib() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

void BM_SubmitLargeSweep(benchmark::State& state) {
  const ExpandedSweep& sweep = LargeSweep();
  const SystemClock clock;
  for (auto _ : state) {
    const TemporaryFolder folder;
    Store store = Store::Open(folder.Path(), clock).value();
    CHECK(store.Submit(sweep));
  }
}
BENCHMARK(BM_SubmitLargeSweep)->Unit(benchmark::kMillisecond)->Iterations(1);

// A database in which every network has a result.
class LargeResults {
 public:
  LargeResults() {
    {
      Store store = Store::Open(folder_.Path(), clock_).value();
      CHECK(store.Submit(LargeSweep()));
    }
    Database database =
        Database::Open(folder_.Path() / kDatabaseFile, OpenMode::kReadWrite).value();
    CHECK(database.RunScript(
        "PRAGMA synchronous = OFF; BEGIN;"
        "INSERT INTO worker (id, host, slots, gpu_slots, memory, devices, version, joined_ms) "
        "VALUES (hex(zeroblob(16)), 'h', 1, 0, 0, '[]', '', 0);"
        "INSERT INTO attempt (token, task, number, worker, slots, share, in_advance, state, "
        "assigned_ms, started_ms, ended_ms) SELECT key, key, 1, 1, '[0]', 1, 0, 'succeeded', key, "
        "key, key FROM task;"
        "UPDATE task SET state = 'succeeded', attempts = 1;"
        "INSERT INTO training (trial, token, diverged, steps, seconds, folder, model_sha256) "
        "SELECT trial, key, 0, 7, 1, 'f', 'd' FROM task WHERE evaluation IS NULL;"
        "INSERT INTO result (trial, evaluation, token, images, correct, loss, seconds, flags, "
        "warnings, forward_images, backward_images, saved_images) "
        "SELECT trial, evaluation, key, 10000, key * 7919 % 10000, 1, 1, x'00', '[]', 0, 0, 0 "
        "FROM task WHERE evaluation IS NOT NULL; COMMIT"));
  }

  const std::filesystem::path& Folder() const { return folder_.Path(); }

 private:
  SystemClock clock_;
  TemporaryFolder folder_;
};

void ListPage(benchmark::State& state, const std::string& sql) {
  static const LargeResults kResults;
  const SystemClock clock;
  Reader reader = Reader::Open(kResults.Folder(), clock).value();
  int64_t count = 0;
  for (auto _ : state) {
    Rows rows = reader.Query(sql).value();
    for (count = 0; rows.Next().value(); ++count) benchmark::DoNotOptimize(rows.At(0));
  }
  state.counters["rows"] = static_cast<double>(count);
}
BENCHMARK_CAPTURE(ListPage, BestTen, "SELECT * FROM v_result ORDER BY clean_last DESC LIMIT 10")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(ListPage, ResultsPage, "SELECT * FROM v_result ORDER BY macs DESC LIMIT 50")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(ListPage, MembershipPage,
                  "SELECT * FROM v_membership WHERE sweep = 'large' AND ordinal >= 50000 "
                  "ORDER BY ordinal LIMIT 50")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(ListPage, AttemptsPage, "SELECT * FROM v_attempt ORDER BY token DESC LIMIT 50")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(ListPage, FailuresPage,
                  "SELECT * FROM v_failures ORDER BY failed_ms DESC LIMIT 50")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(ListPage, Progress, "SELECT * FROM v_progress")->Unit(benchmark::kMillisecond);

// Counts the answers of one round of calls.
class Registered final : public Reply<RegisterAnswer> {
 public:
  explicit Registered(std::latch& answered) : answered_(answered) {}
  void Send(Result<RegisterAnswer> answer) override {
    CHECK(answer);
    answered_.count_down();
  }

 private:
  std::latch& answered_;
};

// Likewise; keeps which attempt the worker is to run.
class Ordered final : public Reply<WorkerOrders> {
 public:
  Ordered(std::latch& answered, Token& token) : answered_(answered), token_(token) {}
  void Send(Result<WorkerOrders> answer) override {
    CHECK(answer && !answer->attempts.empty());
    token_ = answer->attempts.front().token;
    answered_.count_down();
  }

 private:
  std::latch& answered_;
  Token& token_;
};

struct BusyWorker {
  WorkerId worker = RandomId<WorkerId>();
  Token token;
};

std::vector<BusyWorker> RegisterWorkers(Engine& engine) {
  std::vector<BusyWorker> workers(kWorkers);
  std::latch answered(kWorkers);
  for (const BusyWorker& one : workers) {
    Message message = RegisterCall{{.worker = one.worker, .host = "h", .cpu_slots = 1},
                                   std::make_unique<Registered>(answered)};
    CHECK(engine.Post(message));
  }
  answered.wait();
  return workers;
}

// Each worker tells one line of its attempt, if it has one, and is answered.
void CallOfEach(Engine& engine, std::vector<BusyWorker>& workers, int64_t number,
                const ProgressLine& line) {
  static int64_t call = 0;
  std::latch answered(kWorkers);
  for (BusyWorker& one : workers) {
    WorkerReport report{.worker = one.worker};
    if (number > 0) {
      report.attempts = {
          {one.token, {{.number = number, .line = line}}, ResourceUse{.wall_ms = number}}};
    }
    Message message =
        SynchronizeCall{++call, std::move(report), std::make_unique<Ordered>(answered, one.token)};
    CHECK(engine.Post(message));
  }
  answered.wait();
}

// A heartbeat of each worker, whose training goes on; without the cost of the network.
void BM_HeartbeatsOfAThousandWorkers(benchmark::State& state) {
  const TemporaryFolder folder;
  const SystemClock clock;
  const auto engine =
      Engine::StartOnly(Store::Open(folder.Path(), clock).value(), LargeSweep(), clock).value();
  std::vector<BusyWorker> workers = RegisterWorkers(*engine);
  CallOfEach(*engine, workers, 0, StartedLine{});
  CallOfEach(*engine, workers, 1, StartedLine{});
  int64_t number = 1;
  for (auto _ : state) {
    ++number;
    CallOfEach(*engine, workers, number, StepLine{.step = number, .steps = 1'000'000});
  }
  state.counters["peak_MiB"] = PeakMib();
}
BENCHMARK(BM_HeartbeatsOfAThousandWorkers)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace archsweep
