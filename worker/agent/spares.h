#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

namespace archsweep {

inline constexpr size_t kSparesMax = 64;  // Of a kind; more are removed.

// Files or folders that ended attempts left empty, for those that come to take by renaming. A file
// system may keep away from the inodes that were freed in the last minutes (ext4 does), so that
// making and removing files for thousands of short attempts becomes ever slower.
class Spares {
 public:
  Spares() = default;
  ~Spares();  // Removes what nobody took.
  Spares(Spares&&) = default;
  Spares& operator=(Spares&&) = delete;

  // The path stays where it is until it is taken.
  void Keep(std::filesystem::path path);

  // Whether one is at `destination` now, which must be on the same file system. Otherwise it has
  // to be made.
  bool Take(const std::filesystem::path& destination);

 private:
  std::vector<std::filesystem::path> paths_;
};

// What an agent hands on from attempt to attempt.
struct AttemptSpares {
  Spares folders;
  Spares logs;
};

}  // namespace archsweep
