#include "storage/schema_text.h"

#include <gtest/gtest.h>

#include <array>

namespace archsweep {
namespace {

constexpr std::array<std::string_view, 2> kColumns = {"a_last", "a_best"};

TEST(SchemaText, RepeatsABlockForEveryColumn) {
  EXPECT_EQ(ExpandSchema("CREATE TABLE t (\n  -- each {column}\n  {column} REAL, {column}_n INT,\n"
                         "  -- end\n  z);\n-- each {column}\nINDEX {column};\n-- end\n",
                         kColumns),
            "CREATE TABLE t (\n    a_last REAL, a_last_n INT,\n    a_best REAL, a_best_n INT,\n"
            "    z);\nINDEX a_last;\nINDEX a_best;\n");
}

TEST(SchemaText, WithoutBlocksIsAsItWas) {
  EXPECT_EQ(ExpandSchema("SELECT 1; -- end\n", kColumns), "SELECT 1; -- end\n");
}

}  // namespace
}  // namespace archsweep
