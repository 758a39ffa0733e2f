#pragma once

#include <filesystem>
#include <string>

#include "base/sha256.h"
#include "sweep/attempt/job.h"
#include "sweep/trial/recipe.h"
#include "tests/worker/data/record_files.h"

namespace archsweep {

// A job on a data set of a few images, which it writes below `root`: 4 steps, of 2 batch-norm
// groups each, of a network with layers that its output does not depend on.
inline Job SmallJob(const std::filesystem::path& root) {
  const std::string train = SomeRecords(20);
  const std::string test = SomeRecords(10, 20);
  WriteBytes(root / "data/cifar10-quickstart/data_batch_1.bin", train);
  WriteBytes(root / "data/cifar10-quickstart/test_batch.bin", test);
  Job job;
  job.token = {1};
  job.trial.dataset = {"cifar10-quickstart", DatasetDigest(Sha256Hex(train), Sha256Hex(test))};
  job.trial.architecture = {.block = KnownBlock("robust"), .depth = {2, 1, 1}, .width = {1, 1, 1}};
  job.trial.training = {.epochs = 2, .batch_size = 8, .batch_norm_group = 4, .attack_steps = 1};
  job.trial.seed = 11;
  job.data_root = root / "data";
  job.attempt_folder = root / "attempt";
  job.checkpoint_folder = root / "checkpoints";
  return job;
}

// Advanced training of the batches of SmallJob, with all that a state can hold: averaged weights
// and the best ones.
inline TrainingSpec SmallAat(int epochs) {
  TrainingSpec training = RecipeByName("aat").value().training;
  training.epochs = epochs;
  training.batch_size = 8;
  training.batch_norm_group = 4;
  training.attack_steps = 1;
  training.ema_warmup_epochs = 1;
  training.selection = Selection::kTest;
  return training;
}

}  // namespace archsweep
