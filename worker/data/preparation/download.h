#pragma once

#include <cstdint>
#include <filesystem>

#include "base/result.h"
#include "sweep/trial/dataset.h"
#include "worker/data/work.h"

namespace archsweep {

struct DownloadBounds {
  int attempts = 5;               // In a row that bring nothing.
  int64_t first_wait_ms = 1'000;  // Before the second; each further wait is twice as long.
  int64_t connect_timeout_ms = 30'000;
  int64_t stall_timeout_ms = 30'000;  // Without a byte.
};

// Fetches `archive` by HTTP(S) to `target`, which appears only when all of it is there and has the
// archive's SHA-256. Bytes are kept in TARGET.part, so that whatever ends a download, the next one
// asks the server for the rest. Tries again where the network or the server may be better soon.
// `archive.bytes` 0: not known. `progress` is told bytes, about ten times a second.
// - kInterrupted: `progress` asked to stop;
// - kBusy: another process downloads to the same place;
// - kNotFound: the server does not have it;
// - kCorrupt: the server has something else; nothing of it is kept;
// - kInvalidInput: no URL of HTTP(S);
// - kIo: network or disk.
Status Download(const PublishedArchive& archive, const std::filesystem::path& target,
                const WorkProgress& progress, const DownloadBounds& bounds = {});

}  // namespace archsweep
