#include "sweep/attempt/plan.h"

#include <gtest/gtest.h>

namespace archsweep {
namespace {

TEST(Plan, ListsTrainingsThenEvaluationsWithTheirWork) {
  TrialSpec spec{.dataset = {"cifar10-quickstart", ""},
                 .training = {.epochs = 4, .batch_size = 64, .attack_steps = 3}};
  const SweepTrial trial{.id = IdOf(spec), .spec = spec, .parameters = 5, .macs = 100};
  const EvaluationSpec clean{.trial = trial.id, .attack = AttackKind::kClean, .images = 256};
  const EvaluationSpec pgd20{.trial = trial.id, .attack = AttackKind::kPgd20, .images = 0};
  const auto tasks =
      TasksOf({.name = "s", .text = "", .trials = {trial}, .evaluations = {clean, pgd20}});
  ASSERT_EQ(tasks.size(), 3u);
  EXPECT_EQ(tasks[0].id, TaskId::Train(trial.id));
  // 1,017 images make 15 full batches of 64; a step costs 2 * 3 + 7 passes.
  EXPECT_DOUBLE_EQ(tasks[0].work, 100.0 * 15 * 4 * 64 * 13);
  EXPECT_EQ(tasks[1].id, TaskId::Evaluate(IdOf(clean)));
  EXPECT_DOUBLE_EQ(tasks[1].work, 100.0 * 256);
  EXPECT_DOUBLE_EQ(tasks[2].work, 100.0 * 1017 * 41);
}

TEST(Plan, CountsThePassesOfAutoAttackAsItsReferenceDoes) {
  const SweepTrial trial{.id = {}, .spec = {}, .parameters = 5, .macs = 1};
  const auto work_of = [&](AttackKind attack) {
    return EvaluationWork(trial, {.trial = {}, .attack = attack, .images = 1}, 1);
  };
  // 9,766 forward and backward passes of an image that stays right, and some of the checks.
  EXPECT_NEAR(work_of(AttackKind::kAutoAttack), 9766, 60);
  EXPECT_NEAR(work_of(AttackKind::kApgdPair), 2033, 20);
}

}  // namespace
}  // namespace archsweep
