#include "sweep/trial/attack.h"

#include <gtest/gtest.h>

#include <set>

#include "base/canonical_json.h"

namespace archsweep {
namespace {

TEST(Attack, HasASettingForEveryKeyItNames) {
  std::set<std::string> used;
  for (const AttackKind kind : AttackKinds()) {
    EXPECT_EQ(AttackByName(NameOf(kind)).value(), kind);
    EXPECT_TRUE(Problems(kind, SettingsOf(kind)).empty()) << NameOf(kind);
    EXPECT_TRUE(AreStandard(kind, SettingsOf(kind))) << NameOf(kind);
    for (const std::string& key : SettingKeysOf(kind)) {
      EXPECT_NE(FindAttackSetting(key), nullptr) << key;
      used.insert(key);
    }
  }
  EXPECT_EQ(used.size(), AttackSettingTable().size());
}

TEST(Attack, ReadsBackWhatItWrites) {
  for (const AttackKind kind : AttackKinds()) {
    AttackSettings settings = SettingsOf(kind);
    EXPECT_EQ(SettingsFromJson(kind, ToJson(kind, settings)), settings) << NameOf(kind);
    for (const std::string& key : SettingKeysOf(kind)) {
      if (key == "savings") settings.savings = Savings::kNone;
      if (key == "restarts") settings.restarts = 3;
      if (key == "seed") settings.seed = uint64_t{1} << 62;
    }
    EXPECT_EQ(SettingsFromJson(kind, ToJson(kind, settings)), settings) << NameOf(kind);
  }
}

// Ids of results are made of these texts: a change would orphan every database there is.
TEST(Attack, HasTheGoldenCanonicalForm) {
  const auto text_of = [](AttackKind kind) {
    return CanonicalText(ToJson(kind, SettingsOf(kind)));
  };
  EXPECT_EQ(text_of(AttackKind::kClean),
            R"({"epsilon_255":0,"name":"clean","random_start":false,"step_255":0,"steps":0})");
  EXPECT_EQ(text_of(AttackKind::kFgsm),
            R"({"epsilon_255":8,"name":"fgsm","random_start":false,"step_255":8,"steps":1})");
  EXPECT_EQ(text_of(AttackKind::kApgdCe),
            R"({"batch":250,"epsilon_255":8,"name":"apgd_ce","seed":0,"steps":100})");
  EXPECT_EQ(text_of(AttackKind::kApgdPair),
            R"({"batch":250,"epsilon_255":8,"name":"apgd_pair","seed":0,"steps":100,"targets":9})");
  EXPECT_EQ(text_of(AttackKind::kSquare),
            R"({"batch":250,"epsilon_255":8,"name":"square","queries":5000,"seed":0})");
  EXPECT_EQ(text_of(AttackKind::kAutoAttack),
            R"({"batch":250,"epsilon_255":8,"name":"autoattack","queries":5000,"seed":0,)"
            R"("steps":100,"targets":9})");
  AttackSettings changed = SettingsOf(AttackKind::kFabT);
  changed.savings = Savings::kNone;
  changed.restarts = 2;
  EXPECT_EQ(CanonicalText(ToJson(AttackKind::kFabT, changed)),
            R"({"batch":250,"epsilon_255":8,"name":"fab_t","restarts":2,"savings":"none",)"
            R"("seed":0,"steps":100,"targets":9})");
}

TEST(Attack, IsStandardWhateverItsDrawsAndSavings) {
  AttackSettings settings = SettingsOf(AttackKind::kAutoAttack);
  settings.batch = 500;
  settings.seed = 3;
  settings.savings = Savings::kNone;
  EXPECT_TRUE(AreStandard(AttackKind::kAutoAttack, settings));
  settings.queries = 4999;
  EXPECT_FALSE(AreStandard(AttackKind::kAutoAttack, settings));
}

TEST(Attack, RefusesWhatIsOutOfRangeOrNotItsOwn) {
  AttackSettings settings = SettingsOf(AttackKind::kSquare);
  settings.queries = 0;
  settings.batch = 100'001;
  settings.seed = uint64_t{1} << 63;
  settings.step_255 = 1;
  EXPECT_EQ(Problems(AttackKind::kSquare, settings),
            (std::vector<std::string>{
                "step_255 is not a setting of square; those are: epsilon_255, restarts, queries, "
                "batch, seed, savings",
                "queries is 0; it must be from 1 to 1000000",
                "batch is 100001; it must be from 1 to 100000",
                "seed is 9223372036854775808; it must be at most 9223372036854775807"}));
}

}  // namespace
}  // namespace archsweep
