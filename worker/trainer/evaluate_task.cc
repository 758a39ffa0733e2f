#include "worker/trainer/evaluate_task.h"

#include <c10/core/GradMode.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "worker/trainer/attacked_images.h"
#include "worker/trainer/augmentation.h"
#include "worker/trainer/checkpoint.h"
#include "worker/trainer/executor.h"
#include "worker/trainer/objective.h"
#include "worker/trainer/runtime.h"
#include "worker/trainer/task_error.h"

namespace archsweep {
namespace {

constexpr char kFlagsFile[] = "flags.bin";

Model LoadModel(const Graph& graph, const CheckpointRef& ref, at::Device device) {
  Model model = AllocateModel(graph, 1, at::TensorOptions(device).dtype(at::kFloat));
  OrFail(CopyInto(OfficialTensors(model), OrFail(ReadWeights(ref))).map_error([&](Error error) {
    return WithContext(std::move(error), ref.folder.string());
  }));
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

void RefuseWhatThisTrainerLacks(const EvaluationSpec& spec) {
  const bool is_stepped = spec.attack == AttackKind::kClean || spec.attack == AttackKind::kFgsm ||
                          spec.attack == AttackKind::kPgd20 || spec.attack == AttackKind::kCw40;
  if (is_stepped && spec.settings.restarts == 1) return;
  FailTask(FailureClass::kConfiguration,
           Format("this trainer does not know attack {} with {} restarts", NameOf(spec.attack),
                  spec.settings.restarts));
}

AttackLoss LossOf(AttackKind attack, const at::Tensor& labels) {
  if (attack == AttackKind::kCw40) return MarginOf{labels};
  return MeanCrossEntropyOf{labels};
}

// The verdicts on the images so far.
struct Verdicts {
  std::string flags;  // As EvaluatedLine says.
  int64_t correct = 0;
  double loss_sum = 0;

  void Add(const at::Tensor& logits, const at::Tensor& labels, int64_t first) {
    const at::Tensor right = logits.argmax(1).eq(labels).cpu();
    for (int64_t i = 0; i < right.numel(); ++i) {
      if (!right[i].item<bool>()) continue;
      const auto image = static_cast<size_t>(first + i);
      flags[image / 8] = static_cast<char>(flags[image / 8] | 1 << image % 8);
      ++correct;
    }
    loss_sum += CrossEntropySum(logits, labels).item<double>();
  }
};

class Evaluation {
 public:
  Evaluation(const Job& job, at::Device device, const Dataset& data, const Control& control,
             ProgressSink& progress)
      : job_(job),
        spec_(*job.evaluation),
        control_(control),
        progress_(progress),
        count_(ImagesToUse(*job.evaluation, data)),
        images_(Upload(data.test, data.format, device)),
        graph_(BuildGraph(job.trial.architecture, data.format.size, data.format.classes)),
        executor_(graph_, LoadModel(graph_, *job.weights, device)),
        network_(executor_, 0) {
    verdicts_.flags.resize(static_cast<size_t>((count_ + 7) / 8), '\0');
  }

  EvaluatedLine Run();

 private:
  void RunBatch(int64_t first);
  void ReportBatch(int64_t batch, int64_t batches, int64_t images);
  double Seconds() const { return static_cast<double>(clock_.MonotonicMs() - started_ms_) / 1000; }

  const Job& job_;
  const EvaluationSpec& spec_;
  const Control& control_;
  ProgressSink& progress_;
  const SystemClock clock_;
  const int64_t started_ms_ = clock_.MonotonicMs();
  const int64_t count_;
  const DeviceImages images_;
  const Graph graph_;
  const Executor executor_;
  const FrozenNetwork network_;
  Verdicts verdicts_;
};

EvaluatedLine Evaluation::Run() {
  progress_.Write(DescribeRuntime(job_, 0));
  const int64_t batches = (count_ + kEvaluationBatch - 1) / kEvaluationBatch;
  for (int64_t batch = 0; batch < batches; ++batch) {
    if (control_.StopRequested()) {
      FailTask(FailureClass::kStopped, Format("stopped after {} of {} batches", batch, batches));
    }
    RunBatch(batch * kEvaluationBatch);
    ReportBatch(batch + 1, batches, std::min(count_, (batch + 1) * kEvaluationBatch));
  }
  const Status written = WriteFileDurably(job_.attempt_folder / kFlagsFile, verdicts_.flags);
  if (!written) FailTask(FailureClass::kStorage, written.error().message);
  return {.images = count_,
          .correct = verdicts_.correct,
          .loss = verdicts_.loss_sum / static_cast<double>(count_),
          .seconds = Seconds(),
          .flags_file = kFlagsFile};
}

void Evaluation::RunBatch(int64_t first) {
  std::vector<int64_t> indices(static_cast<size_t>(std::min(kEvaluationBatch, count_ - first)));
  std::iota(indices.begin(), indices.end(), first);
  const at::Tensor images = Images(images_.pixels, indices);
  const at::Tensor labels = images_.labels.narrow(0, first, static_cast<int64_t>(indices.size()));
  const at::Tensor attacked = AttackedImages(network_, images, LossOf(spec_.attack, labels),
                                             spec_.settings, job_.trial.seed, indices);
  verdicts_.Add(network_.Logits(attacked), labels, first);
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
                       const Control& control, ProgressSink& progress) {
  RefuseWhatThisTrainerLacks(*job.evaluation);
  const c10::NoGradGuard no_gradients;
  return Evaluation(job, device, data, control, progress).Run();
}

}  // namespace archsweep
