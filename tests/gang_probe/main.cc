// One rank of a gang that proves what collectives promise. A promise that does not hold ends it.

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <signal.h>
#include <torch/csrc/autograd/autograd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/text.h"
#include "sweep/attempt/exit_code.h"
#include "sweep/network/architecture.h"
#include "sweep/network/block_type.h"
#include "worker/trainer/collective.h"
#include "worker/trainer/control.h"
#include "worker/trainer/executor.h"
#include "worker/trainer/gradient_sum.h"
#include "worker/trainer/initialisation.h"
#include "worker/trainer/share_state.h"
#include "worker/trainer/task_error.h"
#include "worker/trainer/training_step.h"

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
      : graph(BuildGraph({.block = KnownBlock("robust"), .depth = {1, 1, 1}, .width = {2, 2, 2}}, 8,
                         10)),
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

struct Scale {
  int groups;
  int group_images;
  int image_size;
};

// A training whose every batch this rank alone or all ranks take, from the same state.
struct ExampleTraining {
  ExampleTraining(const Scale& scale, at::ScalarType type, const Seat& seat, Collective& collective)
      : trial(TrialOf(scale)),
        size(scale.image_size),
        state(NewTraining(trial, {.size = scale.image_size, .classes = 10}, type, Fusion::kNone)),
        network(state.graph, state.model, {.fusion = Fusion::kNone}),
        sum(state.parameters, kOuterScalars, collective),
        seat_(seat) {}

  static TrialSpec TrialOf(const Scale& scale) {
    TrialSpec trial;
    trial.architecture = {.block = KnownBlock("robust"), .depth = {1, 1, 1}, .width = {1, 1, 1}};
    trial.training.batch_size = scale.groups * scale.group_images;
    trial.training.batch_norm_group = scale.group_images;
    trial.training.attack_steps = 2;
    return trial;
  }

  TrainingBatch BatchOf(int step) const {
    at::manual_seed(static_cast<uint64_t>(step));
    const int64_t whole = trial.training.batch_size;
    const at::ScalarType type = state.parameters.front().scalar_type();
    const at::Tensor images = at::rand({whole, 3, size, size}, at::kDouble).to(type);
    const at::Tensor labels = at::randint(10, {whole}, at::kLong);
    const at::Tensor noise = at::randn({whole, 3, size, size}, at::kDouble).to(type);
    const auto mine = [&](const at::Tensor& all) {
      return all.narrow(0, seat_.First(whole), seat_.Share(whole));
    };
    return {.images = mine(images),
            .labels = mine(labels),
            .noise = mine(noise),
            .first_group = static_cast<int>(seat_.First(whole / trial.training.batch_norm_group)),
            .batch_size = whole};
  }

  void Step(int step) {
    const StepRates rates = {.rates = {.learning_rate = 0.1, .momentum = 0.9}};
    sum.Say(0);
    RunStep(network, sum, BatchOf(step), trial.training, rates, state);
  }

  void CopyStateOf(const ExampleTraining& other) {
    CHECK(CopyInto(OfficialTensors(state.model), OfficialTensors(other.state.model)));
    CHECK(CopyInto(ResumeTensors(state), ResumeTensors(other.state)));
  }

  at::Tensor Attacked(int step) const {
    return AdversarialImages(network, BatchOf(step), trial.training);
  }

  at::Tensor Vector() const {
    const c10::NoGradGuard no_gradients;
    std::vector<at::Tensor> flat;
    for (const at::Tensor& parameter : state.parameters) {
      flat.push_back(parameter.reshape(-1).to(at::kDouble));
    }
    return at::cat(flat);
  }

  TrialSpec trial;
  int size;
  TrainingState state;
  Executor network;
  GradientSum sum;

 private:
  const Seat seat_;
};

// Pixels that the attack of a rank ends elsewhere than that of one process does on the same images,
// and all of them.
struct Flipped {
  int64_t flipped = 0;
  int64_t pixels = 0;

  void Count(const at::Tensor& attacked, const at::Tensor& attacked_alone) {
    const at::Tensor same_images = attacked_alone.narrow(0, 0, attacked.size(0));
    flipped += attacked.ne(same_images).sum().item<int64_t>();
    pixels += attacked.numel();
  }
};

// Double precision proves that it is the same training; single precision parts by rounding, so that
// each step begins at the same state.
void CheckTraining(Collective& gang, at::ScalarType type, const Scale& scale) {
  constexpr int kWarmSteps = 3;
  constexpr int kProvenSteps = 20;
  const bool is_double = type == at::kDouble;
  const auto single = SingleProcess();
  const bool proves = gang.Rank() == 0;  // The others follow its state and work with it only.
  ExampleTraining alone(scale, type, {}, *single);
  ExampleTraining shared(scale, type, gang.GetSeat(), gang);
  for (int step = 0; proves && step < kWarmSteps; ++step) alone.Step(step);
  double error = 0;
  Flipped flipped;
  for (int step = kWarmSteps; step < kWarmSteps + kProvenSteps; ++step) {
    if (step == kWarmSteps || !is_double) {
      shared.CopyStateOf(alone);
      ShareStart(shared.state, gang);
    }
    if (proves && !is_double) flipped.Count(shared.Attacked(step), alone.Attacked(step));
    if (proves) alone.Step(step);
    shared.Step(step);
    if (proves) error = std::max(error, RelativeError(shared.Vector(), alone.Vector()));
  }
  CHECK(error <= (is_double ? 1e-10 : 1e-5));
  ShareStatistics(shared.state.model, gang);
  if (!proves) return;
  const NamedTensors expected = ResumeTensors(alone.state);
  const NamedTensors found = ResumeTensors(shared.state);
  for (size_t i = 0; i < expected.size(); ++i) {
    CHECK(at::allclose(found[i].tensor, expected[i].tensor, is_double ? 1e-8 : 1e-3, 1e-5));
  }
  std::fprintf(stderr, "relative L2 of the parameters: at most %.3g; flipped pixels: %ld of %ld\n",
               error, flipped.flipped, flipped.pixels);
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
  const Scale small = {.groups = gang->Size(), .group_images = kGroupImages, .image_size = 8};
  const Scale official = {.groups = gang->Size(), .group_images = 64, .image_size = 32};
  if (what == "sums") CheckSums(*gang);
  if (what == "exchange") CheckExchange(*gang);
  if (what == "gradients") CheckGradients(*gang);
  if (what == "word") CheckWord(*gang);
  if (what == "training-double") CheckTraining(*gang, at::kDouble, small);
  if (what == "training-float") CheckTraining(*gang, at::kFloat, small);
  if (what == "official-double") CheckTraining(*gang, at::kDouble, official);
  if (what == "official-float") CheckTraining(*gang, at::kFloat, official);
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
