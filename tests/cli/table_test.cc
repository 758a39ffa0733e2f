#include "cli/table.h"

#include <gtest/gtest.h>

#include <cmath>
#include <sstream>
#include <string>
#include <vector>

#include "base/json.h"

namespace archsweep {
namespace {

const std::vector<Column> kColumns = {
    {"id", Column::Style::kId}, {"name"}, {"count", Column::Style::kCount}, {"share"}, {"good"}};

const std::vector<std::vector<Cell>> kRows = {
    {"0123456789abcdef", "a, \"b\"\nc", int64_t{36'479'194}, 0.1, true},
    {"fedcba9876543210", "", int64_t{7}, std::monostate(), false}};

std::string Print(RowFormat format, const std::vector<Column>& columns,
                  const std::vector<std::vector<Cell>>& rows) {
  std::ostringstream out;
  RowPrinter printer(columns, format, out);
  for (const auto& row : rows) printer.Add(row);
  const Status status = printer.Finish();
  EXPECT_TRUE(status) << status.error().message;
  return out.str();
}

TEST(RowPrinter, AlignsATableForPeople) {
  EXPECT_EQ(Print(RowFormat::kTable, kColumns, kRows),
            "id        name           count  share   good\n"
            "01234567  a, \"b\"\\x0ac  36.48 M    0.1   true\n"
            "fedcba98                     7      -  false\n");
}

TEST(RowPrinter, AlignsByCharactersAndNotByBytes) {
  EXPECT_EQ(Print(RowFormat::kTable, {{"a"}, {"b"}}, {{"ε", "x"}, {"long", "y"}}),
            "a     b\n"
            "ε     x\n"
            "long  y\n");
}

TEST(RowPrinter, ShowsPeopleDurationsAsTheyReadThem) {
  const std::vector<Column> columns = {{"eta_seconds", Column::Style::kSeconds}};
  EXPECT_EQ(Print(RowFormat::kTable, columns, {{185.25}}), "eta_seconds\n 3 min 05 s\n");
  EXPECT_EQ(Print(RowFormat::kCsv, columns, {{185.25}}), "eta_seconds\n185.25\n");
}

TEST(RowPrinter, HidesColumnsWithoutAValueFromPeopleAlone) {
  const std::vector<Column> columns = {
      {.name = "a", .can_hide = true}, {.name = "b", .can_hide = true}, {.name = "c"}};
  const std::vector<std::vector<Cell>> rows = {{std::monostate(), int64_t{1}, std::monostate()},
                                               {std::monostate(), std::monostate(), "x"}};
  EXPECT_EQ(Print(RowFormat::kTable, columns, rows),
            "b  c\n"
            "1  -\n"
            "-  x\n");
  EXPECT_EQ(Print(RowFormat::kCsv, columns, rows), "a,b,c\n,1,\n,,x\n");
}

TEST(RowPrinter, WritesExactValuesAsJson) {
  const std::string text = Print(RowFormat::kJson, kColumns, kRows);
  const auto json = ParseJson(text);
  ASSERT_TRUE(json) << text;
  EXPECT_EQ(*json, Json::parse(R"([
    {"id": "0123456789abcdef", "name": "a, \"b\"\nc", "count": 36479194, "share": 0.1,
     "good": true},
    {"id": "fedcba9876543210", "name": "", "count": 7, "share": null, "good": false}])"));
  EXPECT_LT(text.find("\"id\""), text.find("\"count\"")) << "keys keep the order of the columns";
}

TEST(RowPrinter, WritesOneObjectALineAsJsonLines) {
  EXPECT_EQ(Print(RowFormat::kJsonLines, {{"a"}, {"b"}}, {{int64_t{1}, "x"}, {int64_t{2}, "y\n"}}),
            "{\"a\":1,\"b\":\"x\"}\n{\"a\":2,\"b\":\"y\\n\"}\n");
}

TEST(RowPrinter, QuotesCsvWhereItMust) {
  EXPECT_EQ(Print(RowFormat::kCsv, {{"a"}, {"b,c"}},
                  {{"plain", "a \"word\""},
                   {"two\nlines", "x,y"},
                   {"", std::monostate()},
                   {1e-3, int64_t{-5}}}),
            "a,\"b,c\"\n"
            "plain,\"a \"\"word\"\"\"\n"
            "\"two\nlines\",\"x,y\"\n"
            "\"\",\n"
            "0.001,-5\n");
}

TEST(RowPrinter, WritesAnEmptyResultInEveryFormat) {
  EXPECT_EQ(Print(RowFormat::kTable, {{"a"}}, {}), "a\n");
  EXPECT_EQ(Print(RowFormat::kJson, {{"a"}}, {}), "[]\n");
  EXPECT_EQ(Print(RowFormat::kJsonLines, {{"a"}}, {}), "");
  EXPECT_EQ(Print(RowFormat::kCsv, {{"a"}}, {}), "a\n");
}

TEST(RowPrinter, WritesValidJsonForTextThatIsNotUtf8AndNumbersThatAreNotFinite) {
  const std::string text = Print(RowFormat::kJson, {{"a"}, {"b"}}, {{"\xFF", std::nan("")}});
  const auto json = ParseJson(text);
  ASSERT_TRUE(json) << text;
  EXPECT_EQ((*json)[0]["b"], nullptr);
}

TEST(RowPrinter, KeepsTerminalsSafe) {
  const std::string text = Print(RowFormat::kTable, {{"a"}}, {{"\x1b[2J"}});
  EXPECT_EQ(text.find('\x1b'), std::string::npos) << text;
}

TEST(RowPrinter, SaysThatTheOutputCannotBeWritten) {
  std::ostringstream out;
  RowPrinter printer({{"a"}}, RowFormat::kCsv, out);
  out.setstate(std::ios::badbit);
  printer.Add({int64_t{1}});
  const Status status = printer.Finish();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::kIo);
}

}  // namespace
}  // namespace archsweep
