// How long one piece of the trainer's work takes, as often as it is asked for.
//
//   trainer_bench WORK DEPTH WIDTH BATCH THREADS FUSION DEVICE STATE
//   e.g. trainer_bench train 2,2,2 2,2,2 128 2 folded cpu /tmp/state.safetensors
//
// WORK: train (a step of TRADES by the recipe "bat", one batch-norm group), pgd20 (a batch through
// PGD-20 and the verdict), autoattack (of all images of the state, in batches of BATCH). STATE
// holds weights under their official names, images.uint8 and labels; where it is not there, it is
// written with random ones, BATCH images. Every line on standard input asks for one run, and is
// answered by a line of JSON.

#include <c10/core/GradMode.h>
#include <time.h>

#include <cstdio>
#include <filesystem>
#include <iostream>
#include <memory>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/json.h"
#include "worker/trainer/attack.h"
#include "worker/trainer/attacks/autoattack.h"
#include "worker/trainer/collective.h"
#include "worker/trainer/executor.h"
#include "worker/trainer/gradient_sum.h"
#include "worker/trainer/noise.h"
#include "worker/trainer/runtime.h"
#include "worker/trainer/safetensors.h"
#include "worker/trainer/training_state.h"
#include "worker/trainer/training_step.h"

namespace archsweep {
namespace {

constexpr int kClasses = 10;
constexpr double kEpsilon = 8.0 / 255;

struct Arguments {
  std::string work;
  PerStage<int> depth, width;
  int batch = 0;
  int threads = 0;
  Fusion fusion = Fusion::kFolded;
  std::string device;
  std::filesystem::path state;
};

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

Arguments Parse(const std::vector<std::string>& words) {
  CHECK(words.size() == 8);
  return {.work = words[0],
          .depth = Numbers(words[1]),
          .width = Numbers(words[2]),
          .batch = std::stoi(words[3]),
          .threads = std::stoi(words[4]),
          .fusion = words[5] == "none" ? Fusion::kNone : Fusion::kFolded,
          .device = words[6],
          .state = words[7]};
}

double Now(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

class Bench {
 public:
  Bench(const Arguments& arguments, at::Device device)
      : arguments_(arguments),
        trial_{.dataset = {},
               .architecture = {.depth = arguments.depth, .width = arguments.width},
               .training = {.batch_size = arguments.batch, .batch_norm_group = arguments.batch}},
        state_(NewTraining(trial_, {}, device, arguments.fusion)),
        network_(state_.graph, state_.model, {.fusion = arguments.fusion}) {
    if (!std::filesystem::exists(arguments.state)) WriteRandomState();
    LoadState(device);
  }

  Json Run() {
    if (arguments_.work == "train") return Train();
    if (arguments_.work == "pgd20") return Pgd20();
    CHECK(arguments_.work == "autoattack");
    return RunAutoAttack();
  }

 private:
  void WriteRandomState() const {
    NamedTensors tensors = Snapshot(OfficialTensors(state_.model));
    const std::vector<int64_t> sizes = {arguments_.batch, 3, 32, 32};
    tensors.push_back({"images.uint8", at::randint(256, sizes, at::kByte)});
    tensors.push_back({"labels", at::randint(kClasses, {arguments_.batch}, at::kLong)});
    CHECK(WriteSafetensors(arguments_.state, tensors));
  }

  void LoadState(at::Device device) {
    NamedTensors weights;
    const Result<NamedTensors> read = ReadSafetensors(arguments_.state);
    CHECK(read);
    for (const NamedTensor& named : *read) {
      if (named.name == "images.uint8") {
        images_ = named.tensor.to(device).to(at::kFloat).div_(255);
      } else if (named.name == "labels") {
        labels_ = named.tensor.to(device);
      } else {
        weights.push_back(named);
      }
    }
    images_ = images_.contiguous(LayoutOf(arguments_.fusion));
    CHECK(CopyInto(OfficialTensors(state_.model), weights));
    indices_.resize(static_cast<size_t>(images_.size(0)));
    std::iota(indices_.begin(), indices_.end(), 0);
  }

  Json Train() {
    const uint64_t step = static_cast<uint64_t>(state_.step);
    const at::Tensor noise = NormalNoise({0, DrawPurpose::kTrainingStart, step}, indices_, images_);
    const StepRates rates = {.rates = {.learning_rate = 0.1, .momentum = 0.9}};
    const at::Tensor loss =
        RunStep(network_, sum_, {images_, labels_, noise}, trial_.training, rates, state_);
    ++state_.step;
    return {{"result", loss.item<double>()}};
  }

  Json Pgd20() const {
    const c10::NoGradGuard no_gradients;
    const at::Tensor start =
        images_ + UniformNoise({0, DrawPurpose::kEvaluationStart, 0}, indices_, kEpsilon, images_);
    const FrozenNetwork frozen(network_, 0);
    const at::Tensor attacked = Attack(frozen, images_, start, MeanCrossEntropyOf{labels_},
                                       {.epsilon = kEpsilon, .step = 0.8 / 255, .steps = 20});
    return {{"result",
             frozen.Logits(attacked).argmax(1).eq(labels_).to(at::kDouble).mean().item<double>()}};
  }

  // Whole, and by stage: `clean`, then the attacks.
  Json RunAutoAttack() const {
    const AutoAttackSettings settings = {.batch = arguments_.batch};
    AutoAttack chain(network_, images_, labels_, kClasses, settings, {},
                     NewAutoAttack(images_.size(0)));
    std::vector<double> seconds(settings.parts.size() + 1, 0);
    while (!chain.Finished()) {
      double& stage_seconds = seconds[chain.State().stages.size() - 1];
      const double begin = Now(CLOCK_MONOTONIC);
      while (!chain.RoundIsDone()) chain.Advance();
      chain.FinishRound(chain.RoundShare());
      stage_seconds += Now(CLOCK_MONOTONIC) - begin;
    }
    Json stages = Json::array();
    for (size_t i = 0; i < chain.State().stages.size(); ++i) {
      const std::string name(i == 0 ? "clean" : NameOf(settings.parts[i - 1]));
      stages.push_back(ReportOf(chain.State().stages[i], name, seconds[i]));
    }
    return {{"result", chain.State().stages.back().standing}, {"stages", std::move(stages)}};
  }

  static Json ReportOf(const StageReport& stage, const std::string& name, double seconds) {
    const PassLedger& passes = stage.passes;
    return {{"name", name},
            {"seconds", seconds},
            {"attacked", stage.attacked},
            {"standing", stage.standing},
            {"forward", passes.done.forward_only},
            {"gradient", passes.done.with_gradient},
            {"reference_forward", passes.reference.forward_only},
            {"reference_gradient", passes.reference.with_gradient}};
  }

  const Arguments arguments_;
  const TrialSpec trial_;
  TrainingState state_;
  const Executor network_;
  const std::unique_ptr<Collective> alone_ = SingleProcess();
  GradientSum sum_{state_.parameters, kOuterScalars, *alone_};
  at::Tensor images_, labels_;
  std::vector<int64_t> indices_;
};

int Main(const std::vector<std::string>& words) {
  const Arguments arguments = Parse(words);
  const at::Device device =
      SetUpRuntime({.device = arguments.device, .threads = arguments.threads}, Seat{});
  Bench bench(arguments, device);
  for (std::string line; std::getline(std::cin, line);) {
    const double begin = Now(CLOCK_MONOTONIC);
    const double begin_cpu = Now(CLOCK_PROCESS_CPUTIME_ID);
    Json answer = bench.Run();
    answer["seconds"] = Now(CLOCK_MONOTONIC) - begin;
    answer["cpu_seconds"] = Now(CLOCK_PROCESS_CPUTIME_ID) - begin_cpu;
    std::puts(answer.dump().c_str());
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace
}  // namespace archsweep

int main(int argc, char** argv) { return archsweep::Main({argv + 1, argv + argc}); }
