#pragma once

#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/cli/run_fixture.h"
#include "tests/cli/sweep_programs.h"

namespace archsweep {

struct KillPlan {
  int trials = 60;
  int ranks = 1;
  int slots = 2;
  int kills = 20;
  int steps = 5;              // Of 20 ms, a task.
  int longest_wait_ms = 250;  // Between two kills.
  bool cluster = false;       // Coordinator and workers are programs of their own.
};

// Sweeps of fake trainers during which random processes of theirs get SIGKILL: coordinators,
// agents, mpirun, trainers.
class KillTest : public RunTest {
 protected:
  ~KillTest() override { unsetenv("ARCHSWEEP_FAKE_RUNS"); }

  // Kills as planned and lets the sweep end; then expects a result for every trial, no execution
  // that the kills do not explain, no process left and no slot lost.
  void ExpectSurvives(const KillPlan& plan);

 private:
  void Prepare(const KillPlan& plan);
  std::unique_ptr<SweepPrograms> Programs(const KillPlan& plan) const;
  // Kills one process at random.
  void KillOne(SweepPrograms& programs, std::mt19937& random);
  void KillAll(const KillPlan& plan, SweepPrograms& programs, std::mt19937& random);
  void ExpectAllSlotsInUse(const KillPlan& plan, SweepPrograms& programs) const;
  void ExpectResults(const KillPlan& plan) const;
  void ExpectExplainedExecutions() const;
  void ExpectNothingLeft(const KillPlan& plan, SweepPrograms& programs) const;
  std::filesystem::path Executions() const { return folder_.Path() / "executions"; }

  int kills_ = 0;
  int lost_max_ = 0;  // So many attempts may have ended by them.
};

}  // namespace archsweep
