#pragma once

#include <memory>

#include "worker/trainer/attacks/attack_tally.h"
#include "worker/trainer/attacks/reference_draws.h"
#include "worker/trainer/attacks/square_window.h"

namespace archsweep {

struct SquareOptions : BatchAttackOptions {
  int queries = 5000;
  // Images that share the draws of their starts: row i of a batch has those of row i modulo this.
  // 0: all rows have their own. Because every batch is drawn for anew, full batches of that size
  // may be attacked together, with one run.
  int64_t rows_of_draw = 0;
};

// Square (reference, section 1.5): random squares, kept where they lower the margin. Computes no
// gradient. All images see the same windows; an image leaves when its margin is not positive.
class SquareAttack : public BatchAttack {
 public:
  // Keeps a reference to `network`.
  SquareAttack(AttackedNetwork& network, const AttackedBatch& batch, const SquareOptions& options);

  bool Done() const override { return done_; }
  void Advance() override;
  AttackOutcome Outcome() override { return tally_.Outcome(); }

  // Of the run that is under way, for tests: the rows that are still attacked, their images and
  // margins so far, and the last window.
  const at::Tensor& Ids() const { return rows_.ids; }
  const at::Tensor& Points() const { return rows_.point; }
  const at::Tensor& BestMargins() const { return rows_.margin; }
  const SquareWindow& LastWindow() const { return window_; }

 private:
  // One row for each image that is still attacked.
  struct Rows {
    at::Tensor ids;  // Rows among those of the run.
    at::Tensor images, labels, point, margin;
    void Keep(const at::Tensor& kept);
  };

  void Prepare();
  void StartRun();
  void Query();
  void UseWindows();
  at::Tensor LogitsOf(const at::Tensor& pixels);
  void LeaveBroken();
  void FinishRun();

  AttackedNetwork& network_;
  const SquareOptions options_;
  AttackTally tally_;
  ReferenceDraws draws_;
  bool prepared_ = false;
  bool running_ = false;
  bool done_ = false;
  int runs_ = 0;
  int queries_ = 0;  // Of this run.
  at::Tensor run_rows_;
  AttackOutcome outcome_;  // Of this run.
  Rows rows_;
  SquareWindow window_;
  // Where passes are saved and windows have become small enough: knows the points.
  std::unique_ptr<WindowNetwork> windows_;
  int64_t refused_side_ = 0;  // At which they were not.
};

}  // namespace archsweep
