#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace archsweep {

// The whole content. kNotFound if there is no such file, kInvalidInput if it is larger than
// `bytes_max`.
Result<std::string> ReadFile(const std::filesystem::path& path, size_t bytes_max);

// Writes under a temporary name in the same folder, syncs, renames over `path` and syncs the
// folder: afterwards the file holds all of `content`, even after a power failure; on an error the
// old file is untouched. `mode` is the permission of a new file (0600 for secrets).
Status WriteFileDurably(const std::filesystem::path& path, std::string_view content,
                        unsigned mode = 0644);

// Likewise with what the file `from` holds, at most `bytes_max`; its SHA-256.
Result<std::string> CopyFileDurably(const std::filesystem::path& from,
                                    const std::filesystem::path& path, size_t bytes_max);

// Makes the names in a folder durable.
Status SyncFolder(const std::filesystem::path& folder);

// Creates the folder and its parents.
Status CreateFolders(const std::filesystem::path& folder);

// Whether a file system with this number, of statfs, is one that other machines share.
bool IsNetworkFileSystem(uint32_t magic);

// kInvalidInput with the remedy if `folder` (which exists) lies on a network file system, where
// locks and memory-mapped files of a database cannot be trusted.
Status RefuseNetworkFileSystem(const std::filesystem::path& folder);

// The error of a failed system call: "PATH: cannot WHAT: reason of errno".
Error SystemError(const std::filesystem::path& path, std::string_view what);

}  // namespace archsweep
