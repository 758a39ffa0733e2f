#include "sweep/attempt/task.h"

#include <gtest/gtest.h>

#include "sweep/attempt/failure.h"

namespace archsweep {
namespace {

TEST(Task, ReadsBackWhatItPrints) {
  const TaskId task = TaskId::Evaluate(IdOfText<EvaluationId>("x"));
  EXPECT_EQ(ParseTaskId(ToText(task)).value(), task);
  EXPECT_FALSE(ParseTaskId("run:00000000000000000000000000000000"));
  EXPECT_FALSE(ParseTaskId("train:xyz"));
}

TEST(Failure, ClassesReadBackByName) {
  for (const FailureClass failure :
       {FailureClass::kConfiguration, FailureClass::kOutOfMemory, FailureClass::kTask,
        FailureClass::kStalled, FailureClass::kStorage, FailureClass::kStopped,
        FailureClass::kLost}) {
    EXPECT_EQ(ParseFailureClass(NameOf(failure)).value(), failure);
  }
  EXPECT_FALSE(ParseFailureClass("unlucky"));
}

}  // namespace
}  // namespace archsweep
