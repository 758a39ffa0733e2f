#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "sweep/attempt/task.h"
#include "sweep/trial/evaluation.h"
#include "sweep/trial/footprint.h"
#include "sweep/trial/trial.h"

namespace archsweep {

inline constexpr int kJobVersion = 1;

// A folder written by an earlier attempt or stated by the store.
struct CheckpointRef {
  std::filesystem::path folder;  // ".../TRIAL/TOKEN/step-N".
  std::string model_sha256;  // Of model.safetensors in it; "" where the manifest in the folder is
                             // to be believed, or there is none.
  friend bool operator==(const CheckpointRef&, const CheckpointRef&) = default;
};

// Below the checkpoint folder of an attempt: where it leaves the best weights when it ends.
inline constexpr char kBestFolder[] = "best";

// Everything that the trainer is told, as `job.json`: the whole of its input besides the data set
// and checkpoints. Can be written by hand: without the pipes the trainer prints progress
// to stdout and stops on SIGTERM.
struct Job {
  Token token;
  TrialSpec trial;
  std::optional<EvaluationSpec>
      evaluation;                        // Present: attack the weights of `weights`. Absent: train.
  std::optional<CheckpointRef> weights;  // Set exactly where `evaluation` is.
  // What an earlier attempt left to go on from; absent: from the start. Of a training a whole
  // checkpoint; of an evaluation a folder with state.safetensors and a manifest, without a model.
  std::optional<CheckpointRef> resume;

  std::filesystem::path data_root;
  std::filesystem::path attempt_folder;  // For artifacts of this attempt; exists.
  // ".../TRIAL/TOKEN" or ".../EVALUATION/TOKEN"; made by the trainer.
  std::filesystem::path checkpoint_folder;
  int ranks = 1;  // Processes that do this together, started by mpirun with the same job.json.
  std::string device = "cpu";  // "cpu" or "cuda" (rank r uses the visible GPU r).
  int threads = 1;             // Of a rank. Changes bits, so it is never taken from the machine.
  std::vector<int> cpus;  // CPU set, of which every rank has an equal share in its turn; empty:
                          // as inherited.
  int64_t checkpoint_interval_ms = 10'000;
  int checkpoints_kept = kCheckpointsKept;

  // Pipes of the agent, by paths at which they can be opened while it lives; empty by hand. Rank 0
  // alone opens the first two, every rank the last one.
  std::filesystem::path progress_pipe;  // The trainer writes progress lines.
  std::filesystem::path control_pipe;   // The trainer reads "stop".
  std::filesystem::path lifeline_pipe;  // End of file: the agent is gone, leave at once.
};

Json ToJson(const Job& job);

// All mistakes at once, each naming its field.
Result<Job> ParseJob(const Json& json);

}  // namespace archsweep
