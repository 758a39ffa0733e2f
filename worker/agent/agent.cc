#include "worker/agent/agent.h"

#include <sys/prctl.h>

#include <system_error>
#include <utility>

#include "base/file.h"
#include "base/text.h"
#include "sweep/attempt/gang_launch.h"
#include "worker/agent/agent_loop.h"
#include "worker/agent/placement.h"
#include "worker/agent/spawn.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

Status CheckSlots(const AgentOptions& options) {
  const int slots = options.cpu_slots + options.gpu_slots;
  if (options.cpu_slots >= 0 && options.gpu_slots >= 0 && slots >= 1 && slots <= kSlotsMax) {
    return {};
  }
  return Fail(ErrorKind::kInvalidInput,
              Format("a worker of {} CPU and {} GPU slots is not possible; give 1 to {} in all",
                     options.cpu_slots, options.gpu_slots, kSlotsMax));
}

Result<fs::path> Absolute(const fs::path& path) {
  std::error_code error;
  fs::path absolute = fs::weakly_canonical(fs::absolute(path, error), error);
  if (error) {
    return Fail(ErrorKind::kIo, Format("{}: cannot be found: {}", path.string(), error.message()));
  }
  return absolute;
}

}  // namespace

Result<std::unique_ptr<Agent>> Agent::Open(AgentOptions options) {
  TRY(CheckSlots(options));
  TRY_ASSIGN(WorkFolder work, WorkFolder::Open(options.work_folder));
  TRY_ASSIGN(options.shared_folder, Absolute(options.shared_folder));
  TRY_ASSIGN(options.data_root, Absolute(options.data_root));
  TRY_ASSIGN(options.trainer_program, Absolute(options.trainer_program));
  TRY_ASSIGN(WakeEvent wake, WakeEvent::Create());
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) {
    return tl::unexpected(SystemError("this process", "become the parent of orphans"));
  }
  AttemptSurroundings around;
  around.environment = OwnEnvironment();
  around.host = {.cpu_slots = options.cpu_slots,
                 .gpu_slots = options.gpu_slots,
                 .cpus = OwnCpus(),
                 .gpus = VisibleGpus(around.environment),
                 .mpirun = FindMpirun(around.environment)};
  around.options = std::move(options);
  TRY_ASSIGN(auto loop, AgentLoop::Create(std::move(around), std::move(work), std::move(wake)));
  return std::unique_ptr<Agent>(new Agent(std::move(loop)));
}

Agent::Agent(std::unique_ptr<AgentLoop> loop) : loop_(std::move(loop)) {}
Agent::~Agent() = default;

Status Agent::Run(std::stop_token stop) { return loop_->Run(std::move(stop)); }
void Agent::Kill() { loop_->Kill(); }

}  // namespace archsweep
