#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/text.h"
#include "sweep/language/expansion.h"

namespace archsweep {

// A sweep file of the smallest network with `more` lines.
inline std::string SweepWith(const std::string& more,
                             const std::string& architecture = "{depth: 1, width: 1}") {
  return "name: test\nbase:\n  dataset: cifar10-quickstart\n  architecture: " + architecture +
         "\n  training: bat\nevaluations: [clean]\n" + more;
}

inline ExpandedSweep ExpandOrFail(const std::string& text) {
  auto sweep = ExpandSweep("f", text);
  EXPECT_TRUE(sweep) << sweep.error().message << "\n" << text;
  return sweep ? *std::move(sweep) : ExpandedSweep{};
}

inline std::string MistakesOf(const std::string& text) {
  const auto sweep = ExpandSweep("f", text);
  return sweep ? "" : sweep.error().message;
}

// "D 1-1-1 W 1-1-1 seed 0 beta 6" of each trial.
inline std::vector<std::string> PointsOf(const ExpandedSweep& sweep) {
  std::vector<std::string> points;
  for (const SweepTrial& trial : sweep.trials) {
    points.push_back(Format("{} seed {} beta {}", SizeText(trial.spec.architecture),
                            trial.spec.seed, trial.spec.training.beta));
  }
  return points;
}

}  // namespace archsweep
