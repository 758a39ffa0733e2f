#pragma once

#include <ATen/ATen.h>

#include <memory>
#include <vector>

#include "worker/trainer/attacks/attacked_network.h"
#include "worker/trainer/attacks/autoattack_state.h"
#include "worker/trainer/attacks/batch_attack.h"

namespace archsweep {

// One of the processes that share a chain.
struct AttackShare {
  int64_t rank = 0;
  int64_t ranks = 1;
};

// Image passes; a gradient counts as two.
struct AttackProgress {
  int64_t done = 0;
  int64_t bound = 0;  // Passes in all if nothing breaks any more; it only falls.
};

// Images of full batches that attacks without draws by image take together where passes are saved.
inline constexpr int64_t kMergedImagesMax = 512;

// AutoAttack (reference, sections 1.1 and 1.2): the clean pass, then one attack after the other,
// each from the given images, on those that are standing when it begins, in batches in their order.
// The network has the last word: an image counts as broken if it is wrong about the image that the
// attack returns.
//
// Work goes in rounds. In a round each rank attacks batches of its own, slice by slice; then the
// shares of all ranks are added up and every rank finishes the round with the sum, so that all have
// the same state again. Batches do not depend on the number of ranks, nor on where a chain was
// taken up again, and so no draw does.
//
//   while (!chain.Finished()) {
//     while (!chain.RoundIsDone()) chain.Advance();
//     chain.FinishRound(SumOverRanks(chain.RoundShare()));
//   }
//
// One thread.
class AutoAttack {
 public:
  // Images [images, channels, height, width] in [0, 1] and labels on the device of the network, to
  // which it keeps a reference and which must not change meanwhile; the running statistics of
  // batch-norm group 0 hold. Settings without problems (asserted). `state` is that of the same
  // chain.
  AutoAttack(const Executor& network, const at::Tensor& images, const at::Tensor& labels,
             int64_t classes, const AutoAttackSettings& settings, const AttackShare& share,
             AutoAttackState state);
  AutoAttack(const AutoAttack&) = delete;
  AutoAttack& operator=(const AutoAttack&) = delete;

  bool Finished() const;
  const AutoAttackState& State() const { return state_; }  // Moves with FinishRound only.
  AttackProgress Progress() const;

  bool RoundIsDone() const;
  void Advance();  // About one pass of a batch; only while the round is not done.

  // Double precision, on the processor, of one length on all ranks.
  const at::Tensor& RoundShare() const;
  void FinishRound(const at::Tensor& sum_of_shares);

 private:
  // Consecutive images of the stage that are attacked at once.
  struct Job {
    int64_t first = 0;
    int64_t count = 0;
  };

  int64_t StageCount() const { return static_cast<int64_t>(settings_.parts.size()) + 1; }
  AttackPart Part() const;
  int64_t BatchesOfRound() const { return share_.ranks * batches_of_rank_; }
  void BeginStage();
  void BeginRound();
  void StartJob();
  void CheckSanity(const AttackedBatch& batch);
  std::unique_ptr<BatchAttack> MakeAttack(const AttackedBatch& batch, bool is_merged);
  void FinishJob(const AttackOutcome& outcome);
  void Enter(int64_t image, const double* slot);

  const at::Tensor images_;
  const at::Tensor labels_;
  const at::MemoryFormat layout_;
  const int64_t classes_;
  const AutoAttackSettings settings_;
  const AttackShare share_;
  AutoAttackState state_;

  std::vector<int64_t> attacked_;  // In this stage.
  int64_t batches_of_rank_ = 1;    // In a round.

  AttackedNetwork network_;  // Counts the passes of this round.
  at::Tensor round_share_;
  std::vector<Job> jobs_;  // Of this rank in this round, those that are left, the last one first.
  AttackedBatch batch_;
  std::unique_ptr<BatchAttack> attack_;
};

}  // namespace archsweep
