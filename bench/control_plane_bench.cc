#include <benchmark/benchmark.h>

#include "base/clock.h"
#include "coordinator/recovery.h"
#include "coordinator/scheduler/scheduler.h"
#include "storage/store.h"
#include "sweep/language/load.h"
#include "tests/base/temporary_folder.h"
#include "tests/coordinator/sweep_fixture.h"

namespace archsweep {
namespace {

void BM_ExpandDepthGrid(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(LoadSweep("depth-grid"));
}
BENCHMARK(BM_ExpandDepthGrid)->Unit(benchmark::kMillisecond);

// Every task of a sweep from its assignment to its end, on two slots.
void BM_ScheduleWholeSweep(benchmark::State& state) {
  const ExpandedSweep sweep = SmallSweep(static_cast<int>(state.range(0)));
  InitialState initial;
  initial.sweeps.push_back({.name = sweep.name, .reason = "", .tasks = {}});
  for (const TaskSpec& spec : TasksOf(sweep)) {
    initial.tasks.push_back({.spec = spec});
    initial.sweeps[0].tasks.push_back(spec.id);
  }
  const WorkerId worker = RandomId<WorkerId>();
  for (auto _ : state) {
    Scheduler scheduler(initial, 0);
    scheduler.Step(WorkerRegistered{{.worker = worker, .host = "h", .cpu_slots = 2}}, 0);
    while (!scheduler.Live().empty()) {
      const LiveSlot& slot = scheduler.Live().begin()->second;
      const bool trains = slot.task.kind == TaskKind::kTrain;
      const ProgressLine end = trains ? ProgressLine(TrainedLine{.folder = "w"})
                                      : ProgressLine(EvaluatedLine{.images = 8});
      scheduler.Step(
          WorkerReported{
              {.worker = worker,
               .attempts = {{slot.token,
                             {{.number = 1, .line = StartedLine{}}, {.number = 2, .line = end}}}}}},
          0);
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(initial.tasks.size()));
}
BENCHMARK(BM_ScheduleWholeSweep)->Arg(428)->Arg(10'000)->Unit(benchmark::kMillisecond);

// One durable transaction with so many facts.
void BM_Commit(benchmark::State& state) {
  const TemporaryFolder folder;
  const SystemClock clock;
  Store store = Store::Open(folder.Path(), clock).value();
  const ExpandedSweep sweep = SmallSweep(1);
  const WorkerId worker = RandomId<WorkerId>();
  if (!store.Submit(sweep)) return state.SkipWithError("the sweep cannot be recorded");
  const Change joined = WorkerJoined{.worker = worker, .host = "h", .slots = 1};
  const Change assigned = AttemptAssigned{
      .token = {1}, .task = TaskId::Train(sweep.trials[0].id), .worker = worker, .slots = {0}};
  const Change started = AttemptStarted{{1}, StartedLine{}};
  if (!store.Commit(std::array{joined, assigned, started})) {
    return state.SkipWithError("the attempt cannot be recorded");
  }
  int epoch = 0;
  for (auto _ : state) {
    std::vector<Change> changes;
    for (int64_t k = 0; k < state.range(0); ++k) {
      changes.push_back(EpochRecorded{{1}, EpochLine{.epoch = ++epoch}});
    }
    if (!store.Commit(changes)) return state.SkipWithError("a commit failed");
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_Commit)->Arg(1)->Arg(100);

}  // namespace
}  // namespace archsweep
