#include "base/unique_fd.h"

#include <unistd.h>

#include <utility>

namespace archsweep {

UniqueFd& UniqueFd::operator=(UniqueFd&& other) noexcept {
  if (this != &other) {
    Close();
    fd_ = other.Release();
  }
  return *this;
}

int UniqueFd::Release() { return std::exchange(fd_, -1); }

void UniqueFd::Close() {
  if (fd_ >= 0) close(std::exchange(fd_, -1));
}

}  // namespace archsweep
