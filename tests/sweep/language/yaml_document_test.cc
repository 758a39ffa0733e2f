#include "sweep/language/yaml_document.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace archsweep {
namespace {

std::string MistakesIn(std::string_view text) {
  Complaints complaints("f");
  const auto root = ParseYaml(text, complaints);
  EXPECT_EQ(root.has_value(), complaints.Empty());
  return complaints.Empty() ? "" : complaints.AsError().message;
}

YamlNode Parse(std::string_view text) {
  Complaints complaints("f");
  auto root = ParseYaml(text, complaints);
  EXPECT_TRUE(root) << complaints.AsError().message;
  return root.value_or(YamlNode{});
}

TEST(YamlDocument, KeepsScalarsAsTextWithTheirPlace) {
  const YamlNode root = Parse("a: 1e-3\nlist: [no, '4',\n  x]\n");
  ASSERT_EQ(root.kind, YamlNode::Kind::kMap);
  ASSERT_EQ(root.entries.size(), 2u);
  EXPECT_EQ(root.entries[0].key, "a");
  EXPECT_EQ(root.entries[0].value.text, "1e-3");
  EXPECT_FALSE(root.entries[0].value.quoted);
  EXPECT_EQ(root.entries[0].value.position, (Position{1, 4}));
  const YamlNode& list = root.entries[1].value;
  ASSERT_EQ(list.kind, YamlNode::Kind::kSequence);
  EXPECT_EQ(list.position, (Position{2, 7}));
  EXPECT_EQ(list.items[0].text, "no");
  EXPECT_EQ(list.items[1].text, "4");
  EXPECT_TRUE(list.items[1].quoted);
  EXPECT_EQ(list.items[2].position, (Position{3, 3}));
}

TEST(YamlDocument, PutsAMissingValueAtItsKey) {
  const YamlNode root = Parse("a:\nb: ~\nc: 1\n");
  EXPECT_EQ(root.entries[0].value.kind, YamlNode::Kind::kNothing);
  EXPECT_EQ(root.entries[0].value.position, (Position{1, 1}));
  EXPECT_EQ(root.entries[1].value.kind, YamlNode::Kind::kNothing);
  EXPECT_EQ(root.entries[1].value.position, (Position{2, 1}));
}

TEST(YamlDocument, RefusesDuplicateKeysWithBothPlaces) {
  EXPECT_EQ(MistakesIn("a: 1\nb: {c: 1, c: 2}\na: 3\n"),
            "f:2:11: duplicate key 'c', first given in line 2\n"
            "f:3:1: duplicate key 'a', first given in line 1");
}

TEST(YamlDocument, AllowsTheSameKeyInDifferentMaps) {
  EXPECT_EQ(MistakesIn("- {a: 1}\n- {a: 1}\n- {b: {a: 1}, a: 1}\n"), "");
}

TEST(YamlDocument, RefusesAnchorsAliasesMergeKeysAndTags) {
  EXPECT_EQ(MistakesIn("a: &x {b: 1}\nc: *x\nd: {<<: *x}\ne: !!int 4\nf: !own [1]\n"),
            "f:1:4: the anchor '&x' is not allowed; write the value out where it is used\n"
            "f:2:4: an alias (*) is not allowed; write the value out\n"
            "f:3:5: the merge key '<<' is not allowed; write the keys out\n"
            "f:3:9: an alias (*) is not allowed; write the value out\n"
            "f:4:4: the tag 'tag:yaml.org,2002:int' is not allowed; the key decides the type of a "
            "value\n"
            "f:5:4: the tag '!own' is not allowed; the key decides the type of a value");
}

TEST(YamlDocument, RefusesAnAliasBombAtOnce) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 30; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    std::string items = last;
    for (int j = 0; j < 9; ++j) items += ", " + last;
    const std::string name = "a" + std::to_string(i);
    bomb += name + ": &" + name + " [" + items + "]\n";
  }
  EXPECT_NE(MistakesIn(bomb).find("is not allowed"), std::string::npos);
}

TEST(YamlDocument, RefusesKeysThatAreNotWords) {
  EXPECT_EQ(MistakesIn("? [a, b]\n: 1\n"), "f:1:3: a list cannot be a key; a key is a word");
  EXPECT_EQ(MistakesIn("{a: 1}: 2\n"), "f:1:1: a map cannot be a key; a key is a word");
  EXPECT_EQ(MistakesIn("~: 1\n"), "f:1:1: a key is missing; a key is a word");
}

TEST(YamlDocument, RefusesASecondDocument) {
  EXPECT_EQ(MistakesIn("---\na: 1\n"), "");
  EXPECT_EQ(MistakesIn("a: 1\n---\nb: 2\n"),
            "f:2:1: a second document begins here; a file holds one sweep");
}

TEST(YamlDocument, RefusesAnEmptyFile) {
  EXPECT_EQ(MistakesIn(""), "f:1:1: the file is empty");
  EXPECT_EQ(MistakesIn("# only a comment\n"), "f:1:1: the file is empty");
}

TEST(YamlDocument, ReportsWhatIsNotYaml) {
  const std::string mistakes = MistakesIn("a: [1, 2\nb: 3\n");
  EXPECT_EQ(mistakes.substr(0, 6), "f:2:2:") << mistakes;
  EXPECT_NE(mistakes.find("not valid YAML"), std::string::npos) << mistakes;
}

TEST(YamlDocument, BoundsTheDepth) {
  const auto nested = [](int depth) {
    return std::string(static_cast<size_t>(depth), '[') +
           std::string(static_cast<size_t>(depth), ']');
  };
  EXPECT_EQ(MistakesIn(nested(kYamlDepthMax)), "");
  EXPECT_EQ(MistakesIn(nested(kYamlDepthMax + 1)), "f:1:17: nested more than 16 levels deep");
  EXPECT_NE(MistakesIn(nested(300'000)).find("nested more than 16"), std::string::npos);
}

TEST(YamlDocument, BoundsTheNumberOfNodes) {
  std::string list = "[0";
  for (size_t i = 2; i < kYamlNodesMax; ++i) list += ",0";
  EXPECT_EQ(MistakesIn(list + "]"), "");
  EXPECT_NE(MistakesIn(list + ",0,0]").find("more than 100000 keys and values"), std::string::npos);
}

TEST(YamlDocument, BoundsTheSize) {
  EXPECT_EQ(MistakesIn(std::string(kYamlBytesMax + 1, '#')),
            "f:1:1: the file has 1048577 bytes; at most 1048576 are read");
}

TEST(YamlDocument, RefusesBytesThatAreNotText) {
  // The YAML library takes the byte 4 for the end of the file.
  EXPECT_EQ(MistakesIn(std::string("a: 1\nb: \x04\n", 10)),
            "f:2:4: the byte 0x04 is a control character; write plain UTF-8 text");
  EXPECT_EQ(MistakesIn(std::string("a: \0\n", 5)),
            "f:1:4: the byte 0x00 is a control character; write plain UTF-8 text");
  for (const char* bad : {"\x80", "\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                          "\xF5\x80\x80\x80", "\xC3", "\xFF"}) {
    EXPECT_NE(MistakesIn(std::string("# ") + bad).find("is not UTF-8"), std::string::npos);
  }
  EXPECT_EQ(MistakesIn("a: \"ε ≤ 8 😀\" # é\n"), "");
}

TEST(Complaints, EscapeWhatWouldSteerATerminal) {
  Complaints complaints("f");
  complaints.Add({1, 2}, "unknown key '\x1b[2J\n'");
  EXPECT_EQ(complaints.AsError().message, "f:1:2: unknown key '\\x1b[2J\\x0a'");
}

TEST(Complaints, AreCutWhereTheyAreEndless) {
  Complaints complaints("f");
  complaints.Add({1, 1}, std::string(599, 'a') + "ε" + std::string(100'000, 'a'));
  EXPECT_EQ(complaints.AsError().message, "f:1:1: " + std::string(599, 'a') + " ...");
  for (int i = 0; i < 2000; ++i) complaints.Add({2, i + 1}, "x");
  const std::string message = complaints.AsError().message;
  EXPECT_EQ(std::ranges::count(message, '\n'), 50);
  EXPECT_NE(message.find("\nf: and 950 more"), std::string::npos);
}

}  // namespace
}  // namespace archsweep
