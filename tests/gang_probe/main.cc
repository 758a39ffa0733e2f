// One rank of a gang that proves what collectives promise. A promise that does not hold ends it.

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <signal.h>
#include <torch/csrc/autograd/autograd.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/text.h"
#include "sweep/attempt/exit_code.h"
#include "sweep/network/block_type.h"
#include "sweep/network/architecture.h"
#include "worker/trainer/collective.h"
#include "worker/trainer/control.h"
#include "worker/trainer/executor.h"
#include "worker/trainer/gradient_sum.h"
#include "worker/trainer/initialisation.h"
#include "worker/trainer/task_error.h"

namespace archsweep {
namespace {

constexpr int kSteps = 6;
constexpr int kGroupImages = 4;

double RelativeError(const at::Tensor& found, const at::Tensor& expected) {
  return ((found - expected).norm() / expected.norm()).item<double>();
}

at::Tensor ValuesOf(int rank, int64_t count, at::ScalarType type) {
  at::manual_seed(static_cast<uint64_t>(100 + rank));
  return at::randn(count, at::kDouble).mul_(1000).to(type);
}

void CheckSum(Collective& gang, int64_t count, at::ScalarType type, double tolerance) {
  at::Tensor expected = at::zeros(count, type);
  for (int rank = 0; rank < gang.Size(); ++rank) expected += ValuesOf(rank, count, type);
  const at::Tensor mine = ValuesOf(gang.Rank(), count, type);
  gang.SumInPlace(mine)->Wait();
  CHECK(RelativeError(mine.to(at::kDouble), expected.to(at::kDouble)) <= tolerance);
  // The same bits everywhere.
  const std::string bytes(static_cast<const char*>(mine.data_ptr()), mine.nbytes());
  for (const std::string& other : gang.AllGatherBytes(bytes)) CHECK(other == bytes);
}

void CheckSums(Collective& gang) {
  for (const int64_t count : {1, 7, 1000, 300'000}) {
    CheckSum(gang, count, at::kDouble, 1e-15);
    CheckSum(gang, count, at::kFloat, 1e-6);
    CheckSum(gang, count, at::kLong, 0);
  }
  std::vector<at::Tensor> several;
  std::vector<std::unique_ptr<PendingSum>> sums;
  for (int i = 0; i < 20; ++i) {
    several.push_back(at::full(1000 + i, gang.Rank() + i, at::kDouble));
    sums.push_back(gang.SumInPlace(several.back()));
  }
  const int of_ranks = gang.Size() * (gang.Size() - 1) / 2;
  for (int i = 0; i < 20; ++i) {
    sums[static_cast<size_t>(i)]->Wait();
    const at::Tensor& sum = several[static_cast<size_t>(i)];
    CHECK(sum.eq(of_ranks + gang.Size() * i).all().item<bool>());
  }
}

void CheckExchange(Collective& gang) {
  for (int root = 0; root < gang.Size(); ++root) {
    const at::Tensor expected = ValuesOf(root, 2 * 3 * 4 * 5, at::kFloat)
                                    .view({2, 3, 4, 5})
                                    .contiguous(at::MemoryFormat::ChannelsLast);
    at::Tensor tensor = at::empty_like(expected).fill_(gang.Rank());
    if (gang.Rank() == root) tensor.copy_(expected);
    gang.Broadcast(tensor, root);
    CHECK(at::equal(tensor, expected));
  }
  const auto text_of = [](int rank) {
    return std::string(static_cast<size_t>(rank) * 50'000, 'a');
  };
  const auto parts = gang.AllGatherBytes(text_of(gang.Rank()));
  CHECK(parts.size() == static_cast<size_t>(gang.Size()));
  for (int rank = 0; rank < gang.Size(); ++rank) {
    CHECK(parts[static_cast<size_t>(rank)] == text_of(rank));
  }
  CHECK(gang.Max(-5 - gang.Rank()) == -5);
  CHECK(gang.Any(gang.Rank() == gang.Size() - 1) && !gang.Any(false));
}

// A network of several buckets in double precision, its images in batch-norm groups.
struct Example {
  explicit Example(int groups)
      : graph(BuildGraph({.block = KnownBlock("robust"), .depth = {1, 1, 1}, .width = {2, 2, 2}},
                         8, 10)),
        model(AllocateModel(graph, groups, at::kDouble)),
        network(graph, model) {
    Initialise(graph, 3, model);
    for (const size_t entry : TrainedEntries(graph, model)) {
      parameters.push_back(model.parameters[entry]);
    }
    at::manual_seed(5);
    images = at::rand({groups * kGroupImages, 3, 8, 8}, at::kDouble);
  }

  // Divided by the images of the whole batch, as every loss of a step is.
  at::Tensor LossOf(int group) const {
    const c10::AutoGradMode with_gradients(true);
    const at::Tensor logits =
        network.Train(images.narrow(0, group * kGroupImages, kGroupImages), group);
    return logits.square().sum() / images.size(0);
  }

  Graph graph;
  Model model;
  Executor network;
  std::vector<at::Tensor> parameters;
  at::Tensor images;
};

// Two groups a rank; the serial sum is made by every rank for itself.
void CheckGradients(Collective& gang) {
  const int groups = 2 * gang.Size();
  const Example serial(groups);
  const auto alone = SingleProcess();
  GradientSum whole(serial.parameters, 1, *alone);
  for (int group = 0; group < groups - 1; ++group) whole.Add(serial.LossOf(group));
  whole.AddLast(serial.LossOf(groups - 1), at::zeros(1, at::kDouble));
  const std::vector<at::Tensor> expected = *whole.Wait().gradients;

  const Example shared(groups);
  GradientSum sum(shared.parameters, 2, gang);
  for (int step = 0; step < 2;
       ++step) {  // The second one proves that nothing is left of the first.
    const int first = 2 * gang.Rank();
    sum.Say(0);
    sum.Add(shared.LossOf(first));
    sum.AddLast(shared.LossOf(first + 1), at::full(2, gang.Rank() + 1, at::kDouble));
    const auto [gradients, riders] = sum.Wait();
    for (size_t i = 0; i < expected.size(); ++i) {
      CHECK(RelativeError((*gradients)[i], expected[i]) <= 1e-14);
      CHECK((*gradients)[i].strides() == shared.parameters[i].strides());
    }
    CHECK(riders.eq(gang.Size() * (gang.Size() + 1) / 2).all().item<bool>());
    for (at::Tensor& gradient : *gradients) gradient.mul_(2);  // The caller may.
  }
}

void CheckWord(Collective& gang) {
  const at::Tensor weight = at::ones({3, 3}).requires_grad_(true);
  GradientSum sum({weight}, 0, gang);
  for (int step = 0; step < kSteps; ++step) {
    sum.Say(gang.Rank() == 0 ? (step == 3 ? 7 : 0) : 200);
    const c10::AutoGradMode with_gradients(true);
    sum.AddLast(weight.sum(), at::empty(0));
    CHECK(sum.Wait().gradients->front().eq(gang.Size()).all().item<bool>());
    CHECK(sum.Hear() == (step == 3 ? 7 : 0));
  }
}

// Sums for ever; the last rank does something else after a few of them.
void SumUntil(Collective& gang, const std::string& end) {
  const at::Tensor values = at::ones(200'000);
  for (int step = 0;; ++step) {
    if (step == kSteps && gang.Rank() == gang.Size() - 1) {
      if (end == "kill") raise(SIGKILL);
      if (end == "crash") raise(SIGSEGV);
      gang.Abort(static_cast<int>(TrainerExit::kOutOfMemory));
    }
    gang.SumInPlace(values)->Wait();
  }
}

int Run(int ranks, const std::string& what, std::span<const std::string> environment) {
  BlockStopSignals();
  at::set_num_threads(1);
  const auto gang = OpenCollective(FindSeat(environment, ranks), at::kCPU, {}, {});
  if (what == "sums") CheckSums(*gang);
  if (what == "exchange") CheckExchange(*gang);
  if (what == "gradients") CheckGradients(*gang);
  if (what == "word") CheckWord(*gang);
  if (what == "kill" || what == "crash" || what == "abort") SumUntil(*gang, what);
  std::printf("rank %d of %d: %s\n", gang->Rank(), gang->Size(), what.c_str());
  return 0;
}

}  // namespace
}  // namespace archsweep

int main(int argc, char** argv, char** environment) {
  using namespace archsweep;
  CHECK(argc == 3);
  std::vector<std::string> variables;
  for (; *environment; ++environment) variables.emplace_back(*environment);
  try {
    return Run(static_cast<int>(ParseInteger(argv[1]).value()), argv[2], variables);
  } catch (...) {
    const Failure failure = FailureInFlight();
    std::fprintf(stderr, "%s\n", failure.message.c_str());
    // Another rank may be the cause: its end is to be seen first.
    while (failure.kind == FailureClass::kLost) pause();
    return static_cast<int>(ExitOf(failure.kind));
  }
}
