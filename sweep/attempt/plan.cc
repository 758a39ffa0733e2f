#include "sweep/attempt/plan.h"

#include <map>

#include "base/check.h"
#include "sweep/trial/footprint.h"

namespace archsweep {
namespace {

// Passes of one image that stays right to the end (reference, section 1.7), its verdict left out.
double AttackPasses(AttackKind kind, const AttackSettings& settings) {
  const double run = 2.0 * settings.steps + 3;
  const double fab_run = 3.0 * settings.steps + 3;
  const double targets = settings.targets;
  switch (kind) {
    case AttackKind::kClean:
      return 0;
    case AttackKind::kFgsm:
    case AttackKind::kPgd20:
    case AttackKind::kCw40:
      return settings.restarts * 2.0 * settings.steps;
    case AttackKind::kApgdCe:
    case AttackKind::kApgdDlr:
      return settings.restarts * run;
    case AttackKind::kApgdT:
      return settings.restarts * targets * run;
    case AttackKind::kFabT:
      return settings.restarts * targets * fab_run;
    case AttackKind::kSquare:
      return settings.restarts * 1.0 * settings.queries;
    case AttackKind::kAutoAttack:
      return settings.restarts * (run + targets * (run + fab_run) + settings.queries);
    case AttackKind::kApgdPair:
      return settings.restarts * (run + targets * run);
  }
  return 0;
}

RegisteredDataset DatasetOf(const SweepTrial& trial) {
  const auto dataset = DatasetByName(trial.spec.dataset.name);
  CHECK(dataset.has_value());
  return *dataset;
}

}  // namespace

double TrainingWork(const SweepTrial& trial, int64_t train_images) {
  if (trial.spec.IsImported()) return 0;
  const TrainingSpec& training = trial.spec.training;
  const int64_t steps = train_images / training.batch_size * training.epochs;
  const double passes = 2.0 * training.attack_steps + 7;
  return static_cast<double>(trial.macs) * static_cast<double>(steps * training.batch_size) *
         passes;
}

double EvaluationWork(const SweepTrial& trial, const EvaluationSpec& evaluation,
                      int64_t test_images) {
  const int64_t images = evaluation.images > 0 ? evaluation.images : test_images;
  const double passes = AttackPasses(evaluation.attack, evaluation.settings) + 1;
  return static_cast<double>(trial.macs) * static_cast<double>(images) * passes;
}

TaskSpec TrainingTask(const SweepTrial& trial) {
  return {.id = TaskId::Train(trial.id),
          .trial = trial.id,
          .work = TrainingWork(trial, DatasetOf(trial).train_images),
          .memory = FootprintOf(trial).memory};
}

TaskSpec EvaluationTask(const SweepTrial& trial, const EvaluationSpec& evaluation) {
  return {.id = TaskId::Evaluate(IdOf(evaluation)),
          .trial = trial.id,
          .checkpoint = evaluation.checkpoint,
          .work = EvaluationWork(trial, evaluation, DatasetOf(trial).test_images),
          .memory = FootprintOf(trial).memory};
}

std::vector<TaskSpec> TasksOf(const ExpandedSweep& sweep) {
  std::vector<TaskSpec> tasks;
  std::map<TrialId, const SweepTrial*> trials;
  for (const SweepTrial& trial : sweep.trials) {
    trials.emplace(trial.id, &trial);
    if (!trial.spec.IsImported()) tasks.push_back(TrainingTask(trial));
  }
  for (const EvaluationSpec& evaluation : sweep.evaluations) {
    tasks.push_back(EvaluationTask(*trials.at(evaluation.trial), evaluation));
  }
  return tasks;
}

}  // namespace archsweep
