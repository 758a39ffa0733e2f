#pragma once

#include "sweep/attempt/plan.h"
#include "sweep/trial/sweep.h"

namespace archsweep {

// A sweep of `trials` small networks that differ in their seed, each with one clean evaluation.
inline ExpandedSweep SmallSweep(int trials, const std::string& name = "small") {
  ExpandedSweep sweep{.name = name, .text = "name: " + name};
  const RegisteredDataset dataset = DatasetByName("cifar10-quickstart").value();
  for (int seed = 0; seed < trials; ++seed) {
    const TrialSpec spec{.dataset = {dataset.name, dataset.digest},
                         .architecture = {.depth = {1, 1, 1}, .width = {1, 1, 1}},
                         .training = {.epochs = 1, .batch_size = 64},
                         .seed = static_cast<uint64_t>(seed)};
    sweep.trials.push_back(
        {.id = IdOf(spec), .spec = spec, .parameters = 77'850, .macs = 1'000'000});
    sweep.evaluations.push_back({.trial = IdOf(spec), .attack = AttackKind::kClean, .images = 8});
  }
  return sweep;
}

}  // namespace archsweep
