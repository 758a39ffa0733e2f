#include "coordinator/scheduler/plan.h"

#include <map>

#include "base/check.h"

namespace archsweep {

double TrainingWork(const SweepTrial& trial, int64_t train_images) {
  const TrainingSpec& training = trial.spec.training;
  const int64_t steps = train_images / training.batch_size * training.epochs;
  const double passes = 2.0 * training.attack_steps + 7;
  return static_cast<double>(trial.macs) * static_cast<double>(steps * training.batch_size) *
         passes;
}

double EvaluationWork(const SweepTrial& trial, const EvaluationSpec& evaluation,
                      int64_t test_images) {
  const int64_t images = evaluation.images > 0 ? evaluation.images : test_images;
  const double passes = 2.0 * evaluation.settings.steps + 1;
  return static_cast<double>(trial.macs) * static_cast<double>(images) * passes;
}

std::vector<TaskSpec> TasksOf(const ExpandedSweep& sweep) {
  std::vector<TaskSpec> tasks;
  std::map<TrialId, const SweepTrial*> trials;
  const bool needs_gpu = sweep.resources.gpus > 0;
  const auto dataset_of = [](const SweepTrial& trial) {
    const auto dataset = DatasetByName(trial.spec.dataset.name);
    CHECK(dataset.has_value());
    return *dataset;
  };
  for (const SweepTrial& trial : sweep.trials) {
    trials.emplace(trial.id, &trial);
    tasks.push_back({.id = TaskId::Train(trial.id),
                     .trial = trial.id,
                     .work = TrainingWork(trial, dataset_of(trial).train_images),
                     .needs_gpu = needs_gpu});
  }
  for (const EvaluationSpec& evaluation : sweep.evaluations) {
    const SweepTrial& trial = *trials.at(evaluation.trial);
    tasks.push_back({.id = TaskId::Evaluate(IdOf(evaluation)),
                     .trial = evaluation.trial,
                     .work = EvaluationWork(trial, evaluation, dataset_of(trial).test_images),
                     .needs_gpu = needs_gpu});
  }
  return tasks;
}

}  // namespace archsweep
