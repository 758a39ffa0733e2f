// How long one piece of the trainer's work takes, on random weights:
//
//   trainer_bench MODE DEPTH WIDTH BATCH [THREADS [FUSION]]      e.g. train 2,2,2 2,2,2 128 2
//   folded
//
// MODE: train (a TRADES step), outer (its half without the attack), pgd20 (an evaluation by
// PGD-20), forward, gradient (one pass over the batch, to the logits or back to the images). Every
// line on standard input asks for one run; each is answered by the seconds that it took, of the
// clock and of the processors.

#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <malloc.h>
#include <time.h>

#include <cstdio>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "base/check.h"
#include "worker/trainer/attack.h"
#include "worker/trainer/executor.h"
#include "worker/trainer/training_state.h"
#include "worker/trainer/training_step.h"

namespace archsweep {
namespace {

double Seconds(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// "2,2,2"
PerStage<int> Numbers(const std::string& text) {
  PerStage<int> numbers;
  std::istringstream stream(text);
  for (int& number : numbers) {
    CHECK(stream >> number);
    stream.ignore();
  }
  return numbers;
}

int Main(const std::vector<std::string>& arguments) {
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  const std::string mode = arguments.at(0);
  const PerStage<int> depth = Numbers(arguments.at(1));
  const PerStage<int> width = Numbers(arguments.at(2));
  const int batch = std::stoi(arguments.at(3));
  at::set_num_threads(arguments.size() > 4 ? std::stoi(arguments.at(4)) : 2);
  const Fusion fusion =
      arguments.size() > 5 && arguments.at(5) == "none" ? Fusion::kNone : Fusion::kFolded;
  const TrialSpec trial = {.dataset = {},
                           .architecture = {.depth = depth, .width = width},
                           .training = {.batch_size = batch, .batch_norm_group = batch}};
  TrainingState state = NewTraining(trial, {}, at::kCPU, fusion);
  const Executor network(state.graph, state.model, {.fusion = fusion});
  const at::Tensor images = at::rand({batch, 3, 32, 32}).contiguous(LayoutOf(fusion));
  const at::Tensor labels = at::randint(10, {batch});
  const StepRates rates = {.rates = {.learning_rate = 0.1, .momentum = 0.9}};
  const auto run = [&] {
    if (mode == "train") {
      TakeStep(network, {images, labels, at::randn_like(images)}, trial.training, rates, state);
    } else if (mode == "outer") {
      GradientsOf(network, state.parameters, {images, labels, {}}, images + 0.01, trial.training);
    } else if (mode == "pgd20") {
      const c10::NoGradGuard no_gradients;
      const at::Tensor start = images + at::empty_like(images).uniform_(-8.0 / 255, 8.0 / 255);
      const at::Tensor attacked =
          Attack(FrozenNetwork(network, 0), images, start, MeanCrossEntropyOf{labels},
                 {.epsilon = 8.0 / 255, .step = 0.8 / 255, .steps = 20});
      network.Evaluate(attacked, 0).argmax(1).eq(labels).sum().item<int64_t>();
    }
  };
  for (std::string line; std::getline(std::cin, line);) {
    const double begin = Seconds(CLOCK_MONOTONIC);
    const double begin_cpu = Seconds(CLOCK_PROCESS_CPUTIME_ID);
    run();
    std::printf("%.6f %.6f\n", Seconds(CLOCK_MONOTONIC) - begin,
                Seconds(CLOCK_PROCESS_CPUTIME_ID) - begin_cpu);
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace
}  // namespace archsweep

int main(int argc, char** argv) { return archsweep::Main({argv + 1, argv + argc}); }
