#include "base/id.h"

#include <gtest/gtest.h>

namespace archsweep {
namespace {

TEST(Id, OfATextIsTheStartOfItsDigest) {
  EXPECT_EQ(ToHex(IdOfText<TrialId>("abc")), "ba7816bf8f01cfea414140de5dae2223");
  EXPECT_EQ(ShortHex(IdOfText<TrialId>("abc")), "ba7816bf");
}

TEST(Id, ReadsBackWhatItPrintsAndNothingElse) {
  const auto id = RandomId<WorkerId>();
  EXPECT_EQ(ParseId<WorkerId>(ToHex(id)).value(), id);
  for (const char* text :
       {"", "abc", "BA7816BF8F01CFEA414140DE5DAE2223", "ba7816bf8f01cfea414140de5dae222g",
        "ba7816bf8f01cfea414140de5dae22233"}) {
    EXPECT_FALSE(ParseId<WorkerId>(text)) << text;
  }
}

TEST(Id, RandomOnesDiffer) {
  EXPECT_NE(RandomId<WorkerId>(), RandomId<WorkerId>());
  EXPECT_EQ(RandomSecret().size(), 64u);
  EXPECT_NE(RandomSecret(), RandomSecret());
}

}  // namespace
}  // namespace archsweep
