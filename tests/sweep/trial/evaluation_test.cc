#include "sweep/trial/evaluation.h"

#include <gtest/gtest.h>

#include "base/canonical_json.h"

namespace archsweep {
namespace {

const EvaluationSpec kSpec{
    .trial = IdOfText<TrialId>("t"), .attack = AttackKind::kPgd20, .images = 256};

// Ids name results for ever: a change here would orphan every database there is.
TEST(Evaluation, HasTheGoldenId) {
  EXPECT_EQ(
      CanonicalText(ToJson(kSpec)),
      R"({"attack":{"epsilon_255":8,"name":"pgd20","random_start":true,"step_255":0.8,"steps":20},)"
      R"("checkpoint":"last","images":256,"trial":"e3b98a4da31a127d4bde6e43033f66ba"})");
  EXPECT_EQ(ToHex(IdOf(kSpec)), "ee3e7ebcf27a658caf3d0e87620145db");
}

TEST(Evaluation, ReadsBackWhatItWritesAndRefusesOtherSettingsUnderAKnownName) {
  EXPECT_EQ(ParseEvaluation(ToJson(kSpec)).value(), kSpec);
  Json other = ToJson(kSpec);
  other["attack"]["steps"] = 10;
  EXPECT_FALSE(ParseEvaluation(other));
}

TEST(Evaluation, KnowsItsAttacksByName) {
  EXPECT_EQ(AttackByName("fgsm").value(), AttackKind::kFgsm);
  const auto unknown = AttackByName("pgd-20");
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().message.find("did you mean 'pgd20'?"), std::string::npos);
}

}  // namespace
}  // namespace archsweep
