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

TEST(Evaluation, ReadsBackWhatItWrites) {
  EXPECT_EQ(ParseEvaluation(ToJson(kSpec)).value(), kSpec);
  EvaluationSpec other = kSpec;
  other.settings.steps = 50;
  EXPECT_EQ(ResultColumnOf(kSpec), "pgd20_last");
  EXPECT_EQ(ResultColumnOf(other), std::nullopt);
  EXPECT_EQ(ParseEvaluation(ToJson(other)).value(), other);
  EXPECT_NE(IdOf(other), IdOf(kSpec));
}

TEST(Evaluation, OfTheBestCheckpointIsAnotherOne) {
  EvaluationSpec best = kSpec;
  best.checkpoint = CheckpointRole::kBest;
  EXPECT_EQ(ToJson(best).at("checkpoint"), "best");
  EXPECT_EQ(ParseEvaluation(ToJson(best)).value(), best);
  EXPECT_NE(IdOf(best), IdOf(kSpec));
  EXPECT_EQ(ResultColumnOf(best), "pgd20_best");
  Json json = ToJson(kSpec);
  json["checkpoint"] = "worst";
  EXPECT_FALSE(ParseEvaluation(json));
}

TEST(Evaluation, OfAnAttackHasOnlyItsSettings) {
  EvaluationSpec square{.trial = kSpec.trial, .attack = AttackKind::kSquare};
  square.settings.savings = Savings::kNone;
  EXPECT_EQ(ParseEvaluation(ToJson(square)).value(), square);
  Json json = ToJson(square);
  json["attack"]["steps"] = 5;
  EXPECT_FALSE(ParseEvaluation(json));
  json = ToJson(square);
  json["attack"]["savings"] = "some";
  EXPECT_FALSE(ParseEvaluation(json));
}

TEST(Evaluation, RefusesImpossibleSettings) {
  for (const auto& [key, value] : {std::pair<const char*, Json>("steps", 0),
                                   {"steps", 10'001},
                                   {"epsilon_255", 0},
                                   {"step_255", -1},
                                   {"steps", "20"}}) {
    Json json = ToJson(kSpec);
    json["attack"][key] = value;
    EXPECT_FALSE(ParseEvaluation(json)) << key;
  }
  EvaluationSpec clean{.trial = kSpec.trial, .attack = AttackKind::kClean};
  clean.settings.steps = 3;
  EXPECT_FALSE(ParseEvaluation(ToJson(clean)));
}

TEST(Evaluation, HasAColumnForEachStandardAttackAndCheckpoint) {
  EXPECT_EQ(ResultColumns(), (std::vector<std::string>{
                                 "clean_last", "fgsm_last", "pgd20_last", "cw40_last",
                                 "autoattack_last", "apgd_pair_last", "clean_best", "fgsm_best",
                                 "pgd20_best", "cw40_best", "autoattack_best", "apgd_pair_best"}));
  EXPECT_EQ(ResultColumnOf({.trial = {}, .attack = AttackKind::kSquare}), std::nullopt);
}

TEST(Evaluation, KnowsItsAttacksByName) {
  EXPECT_EQ(AttackByName("fgsm").value(), AttackKind::kFgsm);
  const auto unknown = AttackByName("pgd-20");
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().message.find("did you mean 'pgd20'?"), std::string::npos);
}

}  // namespace
}  // namespace archsweep
