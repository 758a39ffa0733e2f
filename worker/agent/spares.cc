#include "worker/agent/spares.h"

#include <system_error>
#include <utility>

#include "worker/agent/folders.h"

namespace archsweep {

Spares::~Spares() {
  for (const std::filesystem::path& path : paths_) Remove(path);
}

void Spares::Keep(std::filesystem::path path) {
  if (paths_.size() >= kSparesMax) return Remove(path);
  paths_.push_back(std::move(path));
}

bool Spares::Take(const std::filesystem::path& destination) {
  if (paths_.empty()) return false;
  std::error_code error;
  std::filesystem::rename(paths_.back(), destination, error);
  if (error) return false;
  paths_.pop_back();
  return true;
}

}  // namespace archsweep
