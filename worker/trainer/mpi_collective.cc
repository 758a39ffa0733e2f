#include "worker/trainer/mpi_collective.h"

#include <ATen/ATen.h>
#include <mpi.h>
#include <poll.h>
#include <sched.h>

#include <array>
#include <limits>
#include <numeric>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "worker/trainer/task_error.h"

namespace archsweep {
namespace {

constexpr int kEagerLooks = 200;    // At an operation, before the naps begin.
constexpr int64_t kNapNs = 50'000;  // Between further looks.

void Require(int code, const char* what) {
  if (code == MPI_SUCCESS) return;
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  MPI_Error_string(code, text.data(), &length);
  FailTask(FailureClass::kLost, Format("{} failed: {}", what, text.data()));
}

// Waits for a request without taking the CPU from who computes on it.
void Finish(MPI_Request& request, const char* what) {
  const timespec nap = {.tv_sec = 0, .tv_nsec = kNapNs};
  for (int looks = 0;; ++looks) {
    int done = 0;
    Require(MPI_Test(&request, &done, MPI_STATUS_IGNORE), what);
    if (done) return;
    if (looks < kEagerLooks) {
      sched_yield();
    } else {
      ppoll(nullptr, 0, &nap, nullptr);
    }
  }
}

MPI_Datatype TypeOf(const at::Tensor& tensor) {
  switch (tensor.scalar_type()) {
    case at::kFloat:
      return MPI_FLOAT;
    case at::kDouble:
      return MPI_DOUBLE;
    case at::kLong:
      return MPI_INT64_T;
    default:
      CHECK(!"a sum is of float, double or int64");
      return MPI_DATATYPE_NULL;
  }
}

int CountOf(size_t count) {
  CHECK(count <= static_cast<size_t>(std::numeric_limits<int>::max()));
  return static_cast<int>(count);
}

void Initialise(const Seat& seat) {
  int provided = MPI_THREAD_SINGLE;
  Require(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided), "MPI_Init_thread");
  Require(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  int rank = -1;
  int size = 0;
  Require(MPI_Comm_rank(MPI_COMM_WORLD, &rank), "MPI_Comm_rank");
  Require(MPI_Comm_size(MPI_COMM_WORLD, &size), "MPI_Comm_size");
  if (rank == seat.rank && size == seat.size) return;
  FailTask(FailureClass::kConfiguration,
           Format("mpirun calls this rank {} of {}, but MPI {} of {}: they are of different MPIs",
                  seat.rank, seat.size, rank, size));
}

void AllReduce(void* values, int count, MPI_Datatype type, MPI_Op op) {
  MPI_Request request = MPI_REQUEST_NULL;
  Require(MPI_Iallreduce(MPI_IN_PLACE, values, count, type, op, MPI_COMM_WORLD, &request),
          "MPI_Iallreduce");
  Finish(request, "MPI_Iallreduce");
}

std::vector<std::string> Gather(std::string_view mine, int ranks) {
  const int length = CountOf(mine.size());
  std::vector<int> lengths(static_cast<size_t>(ranks));
  MPI_Request request = MPI_REQUEST_NULL;
  Require(MPI_Iallgather(&length, 1, MPI_INT, lengths.data(), 1, MPI_INT, MPI_COMM_WORLD, &request),
          "MPI_Iallgather");
  Finish(request, "MPI_Iallgather");
  std::vector<int> begins(lengths.size());
  std::exclusive_scan(lengths.begin(), lengths.end(), begins.begin(), 0);
  std::string all(std::accumulate(lengths.begin(), lengths.end(), size_t{0}), '\0');
  CountOf(all.size());
  Require(MPI_Iallgatherv(mine.data(), length, MPI_BYTE, all.data(), lengths.data(), begins.data(),
                          MPI_BYTE, MPI_COMM_WORLD, &request),
          "MPI_Iallgatherv");
  Finish(request, "MPI_Iallgatherv");
  std::vector<std::string> parts;
  for (size_t i = 0; i < lengths.size(); ++i) {
    parts.push_back(all.substr(static_cast<size_t>(begins[i]), static_cast<size_t>(lengths[i])));
  }
  return parts;
}

}  // namespace

class MpiCollective::Sum final : public PendingSum {
 public:
  explicit Sum(std::future<void> done) : done_(std::move(done)) {}
  void Wait() override { done_.get(); }

 private:
  std::future<void> done_;
};

MpiCollective::MpiCollective(const Seat& seat) : Collective(seat) {
  std::future<void> ready = Begin(Operation([seat] { Initialise(seat); }));
  thread_ = std::jthread([this] { Serve(); });
  try {
    ready.get();
  } catch (...) {
    Close();
    throw;
  }
}

MpiCollective::~MpiCollective() {
  Begin(Operation([] { MPI_Finalize(); })).get();
  Close();
}

void MpiCollective::Close() {
  const std::lock_guard lock(mutex_);
  closing_ = true;
  begun_.notify_one();
}

std::future<void> MpiCollective::Begin(Operation operation) {
  std::future<void> done = operation.get_future();
  const std::lock_guard lock(mutex_);
  CHECK(operations_.size() < kOperationsMax);
  operations_.push_back(std::move(operation));
  begun_.notify_one();
  return done;
}

void MpiCollective::Serve() {
  while (true) {
    std::unique_lock lock(mutex_);
    begun_.wait(lock, [this] { return !operations_.empty() || closing_; });
    if (operations_.empty()) return;
    Operation operation = std::move(operations_.front());
    operations_.pop_front();
    lock.unlock();
    operation();
  }
}

void MpiCollective::Broadcast(const at::Tensor& tensor, int root) {
  CHECK(tensor.is_cpu() && tensor.is_non_overlapping_and_dense());
  Begin(Operation([&tensor, root] {
    MPI_Request request = MPI_REQUEST_NULL;
    Require(MPI_Ibcast(tensor.data_ptr(), CountOf(tensor.nbytes()), MPI_BYTE, root, MPI_COMM_WORLD,
                       &request),
            "MPI_Ibcast");
    Finish(request, "MPI_Ibcast");
  })).get();
}

std::unique_ptr<PendingSum> MpiCollective::SumInPlace(const at::Tensor& flat) {
  CHECK(flat.is_cpu() && flat.is_contiguous());
  return std::make_unique<Sum>(Begin(Operation([flat] {
    AllReduce(flat.data_ptr(), CountOf(static_cast<size_t>(flat.numel())), TypeOf(flat), MPI_SUM);
  })));
}

std::vector<std::string> MpiCollective::AllGatherBytes(std::string_view mine) {
  std::vector<std::string> parts;
  Begin(Operation([&] { parts = Gather(mine, Size()); })).get();
  return parts;
}

int64_t MpiCollective::Max(int64_t value) {
  Begin(Operation([&value] { AllReduce(&value, 1, MPI_INT64_T, MPI_MAX); })).get();
  return value;
}

}  // namespace archsweep
