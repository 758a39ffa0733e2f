#include "worker/trainer/evaluate_task.h"

#include <c10/core/GradMode.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/text.h"
#include "worker/trainer/attacked_images.h"
#include "worker/trainer/attacks/image_losses.h"
#include "worker/trainer/augmentation.h"
#include "worker/trainer/autoattack_task.h"
#include "worker/trainer/checkpoint.h"
#include "worker/trainer/executor.h"
#include "worker/trainer/objective.h"
#include "worker/trainer/runtime.h"
#include "worker/trainer/task_error.h"
#include "worker/trainer/verdict_files.h"

namespace archsweep {
namespace {

// A network with such weights would have an accuracy all the same: that of its first class.
Status CheckFinite(const NamedTensors& weights) {
  for (const NamedTensor& weight : weights) {
    const at::Tensor finite = weight.tensor.isfinite();
    if (finite.all().item<bool>()) continue;
    return Fail(ErrorKind::kInvalidInput,
                Format("'{}' has {} of {} values that are not finite, so the network gives none",
                       weight.name, finite.logical_not().sum().item<int64_t>(), finite.numel()));
  }
  return {};
}

Model LoadModel(const Graph& graph, const CheckpointRef& ref, at::Device device, Fusion fusion) {
  Model model = AllocateModel(graph, 1, at::TensorOptions(device).dtype(at::kFloat), fusion);
  const NamedTensors weights = OrFail(ReadWeights(ref));
  const auto in_folder = [&](Error error) {
    return WithContext(std::move(error), ref.folder.string());
  };
  OrFail(CopyInto(OfficialTensors(model), weights).map_error(in_folder));
  OrFail(CheckFinite(weights).map_error(in_folder));
  return model;
}

int64_t ImagesToUse(const EvaluationSpec& spec, const Dataset& data) {
  if (spec.images > data.test.Count()) {
    FailTask(FailureClass::kConfiguration,
             Format("the evaluation asks for {} test images, but the data set has {}", spec.images,
                    data.test.Count()));
  }
  return spec.images == 0 ? data.test.Count() : spec.images;
}

AttackLoss LossOf(AttackKind attack, const at::Tensor& labels) {
  if (attack == AttackKind::kCw40) return MarginOf{labels};
  return MeanCrossEntropyOf{labels};
}

// Of one batch.
struct BatchVerdicts {
  at::Tensor right, margins;
  double loss_sum = 0;
};

// Verdicts are those of the official order of operations where no pass is to be saved.
Fusion FusionOf(const AttackSettings& settings) {
  return settings.savings == Savings::kNone ? Fusion::kNone : Fusion::kFolded;
}

class Evaluation {
 public:
  Evaluation(const Job& job, at::Device device, const Dataset& data, const Control& control,
             ProgressSink& progress, Collective& collective)
      : job_(job),
        spec_(*job.evaluation),
        control_(control),
        progress_(progress),
        collective_(collective),
        count_(ImagesToUse(*job.evaluation, data)),
        images_(Upload(data.test, data.format, device)),
        classes_(data.format.classes),
        graph_(BuildGraph(job.trial.architecture, data.format.size, data.format.classes)),
        executor_(graph_,
                  LoadModel(graph_, *job.weights, device, FusionOf(job.evaluation->settings)),
                  {.fusion = FusionOf(job.evaluation->settings)}) {}

  EvaluatedLine Run();

 private:
  EvaluatedLine RunSteps();
  BatchVerdicts RunBatch(const FrozenNetwork& network, int64_t first) const;
  void ReportBatch(int64_t batch, int64_t batches, int64_t images);
  double Seconds() const { return static_cast<double>(clock_.MonotonicMs() - started_ms_) / 1000; }

  const Job& job_;
  const EvaluationSpec& spec_;
  const Control& control_;
  ProgressSink& progress_;
  Collective& collective_;
  const SystemClock clock_;
  const int64_t started_ms_ = clock_.MonotonicMs();
  const int64_t count_;
  const DeviceImages images_;
  const int classes_;
  const Graph graph_;
  const Executor executor_;
};

EvaluatedLine Evaluation::Run() {
  if (!IsAutoAttack(spec_.attack)) return RunSteps();
  std::vector<int64_t> indices(static_cast<size_t>(count_));
  std::iota(indices.begin(), indices.end(), 0);
  return EvaluateByAutoAttack(job_, executor_, Images(images_.pixels, indices).contiguous(),
                              images_.labels.narrow(0, 0, count_), classes_, control_, progress_,
                              collective_);
}

EvaluatedLine Evaluation::RunSteps() {
  progress_.Write(DescribeRuntime(job_, 0));
  const FrozenNetwork network(executor_, 0);
  const int64_t batches = (count_ + kEvaluationBatch - 1) / kEvaluationBatch;
  // What the ranks found out about their batches; 0 elsewhere.
  const at::Tensor right = at::zeros(count_, at::kLong);
  const at::Tensor margins = at::zeros(count_, at::kDouble);
  at::Tensor loss_sum = at::zeros(1, at::kDouble);
  for (int64_t batch = 0; batch < batches; batch += collective_.Size()) {
    if (collective_.Rank() == 0 && control_.StopRequested()) {
      FailTask(FailureClass::kStopped, Format("stopped after {} of {} batches", batch, batches));
    }
    const int64_t first = (batch + collective_.Rank()) * kEvaluationBatch;
    if (first < count_) {
      const BatchVerdicts verdicts = RunBatch(network, first);
      right.narrow(0, first, verdicts.right.size(0)).copy_(verdicts.right);
      margins.narrow(0, first, verdicts.right.size(0)).copy_(verdicts.margins);
      loss_sum += verdicts.loss_sum;
    }
    const int64_t done = std::min(batches, batch + collective_.Size());
    ReportBatch(done, batches, std::min(count_, done * kEvaluationBatch));
  }
  for (const at::Tensor& part : {right, margins, loss_sum}) collective_.SumInPlace(part)->Wait();
  const AttackSettings& settings = spec_.settings;
  EvaluatedLine line = {.loss = loss_sum.item<double>() / static_cast<double>(count_),
                        .seconds = Seconds(),
                        .flags_file = "",
                        .forward_images = count_ * settings.restarts,
                        .backward_images = count_ * settings.steps * settings.restarts};
  if (collective_.Rank() > 0) return line;
  const auto finite = margins.isfinite().sum().item<int64_t>();
  if (finite < count_) {
    line.warnings.push_back(
        Format("the logits of {} of {} images are not finite, so their verdicts mean nothing",
               count_ - finite, count_));
  }
  const at::Tensor is_right = right.to(at::kBool);
  const at::Tensor broken =
      spec_.attack == AttackKind::kClean ? at::zeros_like(is_right) : is_right.logical_not();
  WriteVerdicts(job_.attempt_folder, {.right = is_right, .margins = margins, .broken_by = broken},
                line);
  return line;
}

BatchVerdicts Evaluation::RunBatch(const FrozenNetwork& network, int64_t first) const {
  const EvaluationBatch batch = BatchFrom(images_, first, count_);
  at::Tensor worst;  // Logits of the first run that broke the image, else of the last one.
  for (int run = 0; run < spec_.settings.restarts; ++run) {
    const DrawKey start = {job_.trial.seed, DrawPurpose::kEvaluationStart,
                           static_cast<uint64_t>(run)};
    const at::Tensor logits =
        network.Logits(AttackedImages(network, batch.images, LossOf(spec_.attack, batch.labels),
                                      spec_.settings, start, batch.indices));
    worst = worst.defined()
                ? at::where(worst.argmax(1, /*keepdim=*/true).ne(batch.labels.unsqueeze(1)), worst,
                            logits)
                : logits;
  }
  return {.right = AreRight(worst, batch.labels),
          .margins = Margins(worst, batch.labels),
          .loss_sum = CrossEntropySum(worst, batch.labels).item<double>()};
}

void Evaluation::ReportBatch(int64_t batch, int64_t batches, int64_t images) {
  if (!progress_.StepLineIsDue(clock_.MonotonicMs())) return;
  const double seconds = Seconds();
  progress_.Write(
      StepLine{.step = batch,
               .steps = batches,
               .loss = 0,
               .images_per_second = seconds > 0 ? static_cast<double>(images) / seconds : 0});
}

}  // namespace

EvaluatedLine Evaluate(const Job& job, at::Device device, const Dataset& data,
                       const Control& control, ProgressSink& progress, Collective& collective) {
  const c10::NoGradGuard no_gradients;
  return Evaluation(job, device, data, control, progress, collective).Run();
}

}  // namespace archsweep
