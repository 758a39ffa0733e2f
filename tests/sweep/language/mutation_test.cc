#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "base/text.h"
#include "sweep/language/expansion.h"
#include "sweep/language/presets.h"

namespace archsweep {
namespace {

// Makes one random change: a byte, a copied, moved or lost piece, or something that YAML reads in
// its own way.
std::string Mutated(std::string text, std::mt19937& random) {
  static const std::vector<std::string> kPieces = {
      "&a ",    "*a",    "<<: ",        "!!int ",    "[",
      "]",      "{",     "}",           ": ",        "- ",
      "\n",     "\t",    "#",           "'",         "\"",
      "---",    "~",     "? ",          "| ",        "> ",
      "-1",     "1e99",  "0x1F",        "no",        "9999999999999999999999",
      "\xFF",   "\x04",  "per_stage: ", "@",         "%TAG",
      "\\x00",  "depth", "robust",      "wrn-70-16", "1000",
      "[[[[[[", "null"};
  const auto below = [&](size_t bound) { return bound == 0 ? 0 : random() % bound; };
  const size_t at = below(text.size() + 1);
  const size_t length = below(std::min<size_t>(text.size() - at, 40) + 1);
  switch (random() % 5) {
    case 0:
      return text.replace(at, std::min<size_t>(length, 1), 1, static_cast<char>(random()));
    case 1:
      return text.insert(at, kPieces[below(kPieces.size())]);
    case 2:
      return text.erase(at, length);
    case 3:
      return text.insert(below(text.size() + 1), text.substr(at, length));
    default:
      return text.replace(at, length, kPieces[below(kPieces.size())]);
  }
}

// Every mistake is one line that begins with the file and a place in it.
void ExpectWellFormed(const Error& error, const std::string& text) {
  EXPECT_EQ(error.kind, ErrorKind::kInvalidInput);
  for (const std::string& line : Split(error.message, '\n')) {
    ASSERT_TRUE(line.starts_with("f:")) << error.message << "\nin\n" << text;
  }
}

TEST(Mutations, OfAValidFileNeverCrash) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(Format("seed {}", seed));
  std::mt19937 random(seed);
  int valid = 0;
  constexpr int kRounds = 3000;
  for (int round = 0; round < kRounds; ++round) {
    // The quickstart is small, so that points cost little.
    std::string text{Presets().back().text};
    const size_t changes = 1 + random() % 4;
    for (size_t i = 0; i < changes; ++i) text = Mutated(std::move(text), random);
    const auto sweep = ExpandSweep("f", text);
    if (!sweep) {
      ExpectWellFormed(sweep.error(), text);
      continue;
    }
    ++valid;
    ASSERT_FALSE(sweep->trials.empty());
    for (const SweepTrial& trial : sweep->trials) {
      ASSERT_TRUE(Problems(trial.spec.architecture).empty()) << text;
      ASSERT_TRUE(Problems(trial.spec.training).empty()) << text;
    }
  }
  EXPECT_GT(valid, kRounds / 100) << "most changes fall into comments or break the file";
}

}  // namespace
}  // namespace archsweep
