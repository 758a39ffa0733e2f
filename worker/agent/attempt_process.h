#pragma once

#include <poll.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sweep/attempt/job.h"
#include "sweep/attempt/progress.h"
#include "worker/agent/attempt_folder.h"
#include "worker/agent/attempt_watch.h"
#include "worker/agent/progress_reader.h"
#include "worker/agent/spawn.h"
#include "worker/agent/use_meter.h"
#include "worker/agent/verdict.h"

namespace archsweep {

// A progress line and, with an "evaluated" one, its flags.
struct ReportedLine {
  ProgressLine line;
  std::string flags;
};

// The process session of one running attempt, led by its trainer, or by the mpirun of its ranks:
// read, watched, stopped, and waited for. Owned by the
// agent's one thread. The end of the object without the end of the attempt closes the lifeline.
class AttemptProcess {
 public:
  // Starts the trainer. On failure: what to report of the attempt.
  static tl::expected<AttemptProcess, Failure> Start(Result<PreparedAttempt> attempt,
                                                     const LaunchPlan& plan, int64_t now_ms);

  // Reads what the trainer wrote, notices its end, does what is due. Never waits. Returns the lines
  // that came; the final one comes last, once no process of the session is left.
  std::vector<ReportedLine> Step(int64_t now_ms);

  // Begins the stop ladder, or hurries it.
  void AskStop(int64_t now_ms, StopGrace grace);

  // SIGKILL to every process of the session.
  void Kill(int64_t now_ms);

  // The final line was returned and no process is left.
  bool Ended() const { return ended_; }

  // What it has used; complete once it has ended.
  UseMeter& Meter() { return meter_; }
  const UseMeter& Meter() const { return meter_; }

  // What to wait for before the next Step, which is due at DeadlineMs() at the latest.
  void AddDescriptors(std::vector<pollfd>& descriptors) const;
  int64_t DeadlineMs() const;

 private:
  AttemptProcess(AttemptFolder folder, int ranks, AttemptPipes pipes, SpawnedProcess process,
                 int64_t now_ms);

  void ReadProgress(int64_t now_ms, std::vector<ReportedLine>& lines);
  void Take(ProgressReader::Output output, int64_t now_ms, std::vector<ReportedLine>& lines);
  void DoWhatIsDue(int64_t now_ms);
  void NoticeEnd(int64_t now_ms);
  bool NoStragglers();
  void Terminate() const;
  ReportedLine FinalLine() const;
  Failure WhyNotDone() const;

  AttemptFolder folder_;
  int ranks_;
  AttemptPipes pipes_;
  SpawnedProcess process_;
  AttemptWatch watch_;
  UseMeter meter_;
  ProgressReader reader_;
  std::optional<ProgressLine> final_line_;
  std::optional<ProcessEnd> leader_end_;  // It is waited for only after its whole session.
  std::vector<UniqueFd> stragglers_;      // Processes that outlived it and were killed.
  EndedBy ended_by_ = EndedBy::kItself;
  bool gave_up_ = false;  // Processes remained long after SIGKILL.
  bool ended_ = false;
  int64_t next_log_check_ms_ = 0;
};

}  // namespace archsweep
