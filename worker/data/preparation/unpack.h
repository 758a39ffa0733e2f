#pragma once

#include <cstdint>
#include <filesystem>

#include "base/result.h"
#include "worker/data/work.h"

namespace archsweep {

inline constexpr int64_t kUnpackedBytesMax = int64_t{16} << 30;
inline constexpr int64_t kUnpackedFilesMax = 1'000'000;

// Unpacks a .tar.gz or .zip into `folder`, which is made. Only files and folders are taken, and
// only such as lie within `folder`; an archive that names any other place is refused. `progress` is
// told bytes of the archive. kCorrupt if it is damaged or too large; kIo; kInterrupted.
Status Unpack(const std::filesystem::path& archive, const std::filesystem::path& folder,
              const WorkProgress& progress);

// Moves all files of `from` to the same place in `to`, over those that are there; both lie on one
// file system. Empties `from` of files.
Status MoveFiles(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace archsweep
