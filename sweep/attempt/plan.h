#pragma once

#include <vector>

#include "sweep/attempt/task.h"
#include "sweep/trial/sweep.h"

namespace archsweep {

// What is known of a task before it runs.
struct TaskSpec {
  TaskId id;
  TrialId trial;                                      // The trial that is trained or evaluated.
  CheckpointRole checkpoint = CheckpointRole::kLast;  // That an evaluation needs.
  double work = 0;     // Expected multiply-accumulates; decides order and expected time.
  int64_t memory = 0;  // Expected bytes on the device of each of its ranks.
  friend bool operator==(const TaskSpec&, const TaskSpec&) = default;
};

// Expected multiply-accumulates of one task. The unit is one forward pass; a backward pass to the
// input costs as much as a forward pass, one to the weights too twice as much. So a TRADES step of
// k attack steps costs 2k + 1 + 6 passes of the batch, an attack of k steps 2k + 1 passes of each
// image, and AutoAttack what it costs of an image that it does not break.
double TrainingWork(const SweepTrial& trial, int64_t train_images);
double EvaluationWork(const SweepTrial& trial, const EvaluationSpec& evaluation,
                      int64_t test_images);

// One task of a sweep. Data sets are those of the registry (asserted).
TaskSpec TrainingTask(const SweepTrial& trial);
TaskSpec EvaluationTask(const SweepTrial& trial, const EvaluationSpec& evaluation);

// All of them: the trainings of all trials that are not imported, in its order, then all
// evaluations.
std::vector<TaskSpec> TasksOf(const ExpandedSweep& sweep);

}  // namespace archsweep
