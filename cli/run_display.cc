#include "cli/run_display.h"

#include <algorithm>
#include <cstdio>

#include "base/text.h"

namespace archsweep {
namespace {

// The time until all work is done at the speed so far; nothing before there is one.
std::string Eta(double done, double total, int64_t elapsed_ms) {
  if (done <= 0 || elapsed_ms <= 0) return "estimating";
  return HumanDuration((total - done) / done * static_cast<double>(elapsed_ms) / 1000);
}

std::string TrialLabel(const TrialSpec& spec) {
  constexpr size_t kShownDigits = 8;
  const std::string size = SizeText(spec.architecture);
  if (spec.IsImported()) {
    return Format("{} weights {}", size, spec.weights_sha256->substr(0, kShownDigits));
  }
  return Format("{} seed {}", size, spec.seed);
}

std::string AttackLabel(const EvaluationSpec& evaluation) {
  if (evaluation.checkpoint == CheckpointRole::kLast) return std::string(NameOf(evaluation.attack));
  return Format("{} {}", NameOf(evaluation.attack), NameOf(evaluation.checkpoint));
}

}  // namespace

RunDisplay::RunDisplay(const ExpandedSweep& sweep, const Snapshot& first, int64_t now_ms)
    : name_(sweep.name), work_at_start_(first.work_done), start_ms_(now_ms) {
  for (const SweepTrial& trial : sweep.trials) {
    trial_labels_.emplace(trial.id, TrialLabel(trial.spec));
  }
  for (const EvaluationSpec& evaluation : sweep.evaluations) {
    attack_labels_.emplace(IdOf(evaluation), AttackLabel(evaluation));
  }
}

std::vector<std::string> RunDisplay::Lines(const Snapshot& snapshot, int64_t now_ms) const {
  std::vector<std::string> lines;
  for (const LiveTask& task : snapshot.live) {
    if (lines.size() == kTaskLinesMax) {
      lines.push_back(Format("  ... and {} more", snapshot.live.size() - kTaskLinesMax));
      break;
    }
    lines.push_back(TaskLine(task));
  }
  lines.push_back(SweepLine(snapshot, now_ms));
  return lines;
}

std::string RunDisplay::TaskLine(const LiveTask& task) const {
  const bool trains = task.task.kind == TaskKind::kTrain;
  std::string line =
      Format("  {:<6} {}", trains ? "train" : attack_labels_.at(task.task.Evaluation()),
             trial_labels_.at(task.trial));
  if (task.steps == 0) return line + "  starting";
  // What a step of an evaluation is depends on the attack.
  line += trains ? Format("  step {}/{}  loss {:.3f}", task.step, task.steps, task.loss)
                 : Format("  {} %", 100 * task.step / task.steps);
  if (task.images_per_second > 0) line += Format("  {:.0f} images/s", task.images_per_second);
  return line;
}

std::string RunDisplay::SweepLine(const Snapshot& snapshot, int64_t now_ms) const {
  constexpr int kBarWidth = 20;
  const TaskCounts& counts = snapshot.counts;
  const int reachable = counts.total - counts.unreachable;
  const double share = snapshot.work_total > 0 ? snapshot.work_done / snapshot.work_total : 1;
  const int filled = std::clamp(static_cast<int>(share * kBarWidth), 0, kBarWidth);
  std::string line =
      Format("{}  [{:#<{}}{:-<{}}]  {}/{} done, {} running, {} failed", name_, "", filled, "",
             kBarWidth - filled, counts.succeeded, reachable, counts.live, counts.failed);
  if (snapshot.pause) return line + ", paused: free some space on the disk of the state folder";
  if (!snapshot.settled) {
    line += ", ETA " + Eta(snapshot.work_done - work_at_start_,
                           snapshot.work_total - work_at_start_, now_ms - start_ms_);
  }
  return line;
}

void LinePrinter::Show(const std::vector<std::string>& lines, int64_t now_ms) {
  std::string text;
  if (is_terminal_) {
    if (shown_ > 0) text += Format("\x1b[{}A", shown_);
    // Each line is cleared as it is written, and what was shown below it before is cleared at the
    // end.
    for (const std::string& line : lines) {
      text += "\r\x1b[2K" + line.substr(0, static_cast<size_t>(std::max(columns_ - 1, 20))) + "\n";
    }
    text += "\x1b[J";
    shown_ = lines.size();
  } else {
    if (now_ms < next_plain_ms_) return;
    next_plain_ms_ = now_ms + kPlainIntervalMs;
    text = lines.back() + "\n";
  }
  std::fputs(text.c_str(), stderr);
}

void LinePrinter::Finish() { shown_ = 0; }

}  // namespace archsweep
