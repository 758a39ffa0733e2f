#include "worker/trainer/checkpoint_writer.h"

#include <chrono>
#include <utility>

#include "base/check.h"

namespace archsweep {
namespace {

Result<WrittenCheckpoint> WriteAndPrune(const std::filesystem::path& folder, int kept,
                                        const Checkpoint& checkpoint) {
  TRY_ASSIGN(WrittenCheckpoint written, WriteCheckpoint(folder, checkpoint));
  TRY(KeepNewestCheckpoints(folder, kept));
  return written;
}

}  // namespace

CheckpointWriter::CheckpointWriter(std::filesystem::path folder, int kept)
    : folder_(std::move(folder)), kept_(kept) {}

void CheckpointWriter::Start(Checkpoint checkpoint) {
  CHECK(!IsBusy());
  std::packaged_task<Result<WrittenCheckpoint>()> task([this, checkpoint = std::move(checkpoint)] {
    return WriteAndPrune(folder_, kept_, checkpoint);
  });
  outcome_ = task.get_future();
  thread_ = std::jthread(std::move(task));
}

std::optional<Result<WrittenCheckpoint>> CheckpointWriter::TakeFinished() {
  if (!IsBusy() || outcome_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
    return std::nullopt;
  }
  return outcome_.get();
}

Result<WrittenCheckpoint> CheckpointWriter::Wait() {
  CHECK(IsBusy());
  return outcome_.get();
}

}  // namespace archsweep
