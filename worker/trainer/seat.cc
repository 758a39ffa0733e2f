#include "worker/trainer/seat.h"

#include <string_view>

#include "base/check.h"
#include "base/text.h"
#include "worker/trainer/task_error.h"

namespace archsweep {
namespace {

std::string ValueOf(std::span<const std::string> environment, std::string_view name) {
  for (const std::string& entry : environment) {
    if (entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=') {
      return entry.substr(name.size() + 1);
    }
  }
  return "";
}

}  // namespace

int64_t Seat::Share(int64_t count) const {
  CHECK(count % size == 0);
  return count / size;
}

Seat FindSeat(std::span<const std::string> environment, int ranks) {
  if (ranks == 1) return {};
  const auto size = ParseInteger(ValueOf(environment, "OMPI_COMM_WORLD_SIZE"));
  const auto rank = ParseInteger(ValueOf(environment, "OMPI_COMM_WORLD_RANK"));
  if (size.value_or(1) != ranks || !rank || *rank < 0 || *rank >= ranks) {
    FailTask(FailureClass::kConfiguration,
             Format("the job is for {} ranks, but was started as {}: start it by mpirun -np {}",
                    ranks, size.value_or(1), ranks));
  }
  return {.rank = static_cast<int>(*rank),
          .size = ranks,
          .launch = ValueOf(environment, "PMIX_NAMESPACE")};
}

}  // namespace archsweep
