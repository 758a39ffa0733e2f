#include "worker/agent/slot_table.h"

#include <gtest/gtest.h>

#include <array>

namespace archsweep {
namespace {

TEST(SlotTable, HoldsAsManyAsEveryUserAllows) {
  SlotTable table;
  constexpr std::array kFirst = {0};
  constexpr std::array kBoth = {0, 1};
  EXPECT_TRUE(table.HasRoom(kBoth, 1));
  table.Take(kFirst, 3);
  EXPECT_FALSE(table.HasRoom(kFirst, 1));
  EXPECT_FALSE(table.HasRoom(kBoth, 1));
  EXPECT_TRUE(table.HasRoom(kFirst, 2));
  table.Take(kFirst, 2);
  EXPECT_FALSE(table.HasRoom(kFirst, 3)) << "the second one allows but one other";
}

}  // namespace
}  // namespace archsweep
