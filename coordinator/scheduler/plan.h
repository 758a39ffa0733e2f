#pragma once

#include <vector>

#include "coordinator/scheduler/task.h"
#include "sweep/trial/sweep.h"

namespace archsweep {

// Expected multiply-accumulates of one task. The unit is one forward pass; a backward pass to the
// input costs as much as a forward pass, one to the weights too twice as much. So a TRADES step of
// k attack steps costs 2k + 1 + 6 passes of the batch, an attack of k steps 2k + 1 passes of each
// image, and AutoAttack what it costs of an image that it does not break.
double TrainingWork(const SweepTrial& trial, int64_t train_images);
double EvaluationWork(const SweepTrial& trial, const EvaluationSpec& evaluation,
                      int64_t test_images);

// The tasks of a sweep: the trainings of all trials that are not imported, in its order, then all
// evaluations. Data sets are those of the registry (asserted).
std::vector<TaskSpec> TasksOf(const ExpandedSweep& sweep);

}  // namespace archsweep
