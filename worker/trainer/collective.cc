#include "worker/trainer/collective.h"

#include <unistd.h>

#include <cstdio>
#include <utility>

#include "base/text.h"
#include "worker/trainer/task_error.h"
#ifdef ARCHSWEEP_MPI
#include "worker/trainer/mpi_collective.h"
#endif
#ifdef ARCHSWEEP_NCCL
#include "worker/trainer/nccl_collective.h"
#endif

namespace archsweep {
namespace {

class Alone final : public Collective {
 public:
  Alone() : Collective(Seat{}) {}

  void Broadcast(const at::Tensor&, int) override {}
  std::unique_ptr<PendingSum> SumInPlace(const at::Tensor&) override {
    return std::make_unique<Done>();
  }
  std::vector<std::string> AllGatherBytes(std::string_view mine) override {
    return {std::string(mine)};
  }
  int64_t Max(int64_t value) override { return value; }

 private:
  struct Done final : PendingSum {
    void Wait() override {}
  };
};

[[noreturn]] void FailWithout(const Seat& seat, const char* what) {
  FailTask(FailureClass::kConfiguration,
           Format("the job is for {} ranks, but this trainer was built without {}: install it "
                  "(./deploy/setup) and build again, or use one rank",
                  seat.size, what));
}

std::unique_ptr<Collective> OpenMpi([[maybe_unused]] const Seat& seat) {
#ifdef ARCHSWEEP_MPI
  return std::make_unique<MpiCollective>(seat);
#else
  return nullptr;
#endif
}

}  // namespace

void Collective::Abort(int exit_code) {
  std::fflush(nullptr);
  _exit(exit_code);
}

std::unique_ptr<Collective> SingleProcess() { return std::make_unique<Alone>(); }

std::unique_ptr<Collective> OpenCollective(const Seat& seat, at::Device device,
                                           [[maybe_unused]] const std::filesystem::path& folder,
                                           [[maybe_unused]] OnLost on_lost) {
  if (seat.size == 1) return SingleProcess();
  if (device.is_cpu()) {
    auto mpi = OpenMpi(seat);
    if (!mpi) FailWithout(seat, "MPI");
    return mpi;
  }
#ifdef ARCHSWEEP_NCCL
  return OpenNccl(seat, device, OpenMpi(seat), folder, std::move(on_lost));
#else
  FailWithout(seat, "NCCL");
#endif
}

std::string CollectiveBackEnds() {
  std::string names = "single process";
#ifdef ARCHSWEEP_MPI
  names += ", MPI";
#endif
#ifdef ARCHSWEEP_NCCL
  names += ", NCCL " + NcclVersion();
#endif
  return names;
}

}  // namespace archsweep
