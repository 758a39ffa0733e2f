#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace archsweep {

// A large file that appears whole or not at all: it is written piece by piece under a temporary
// name beside its own, which is removed if it is not committed.
class StagedFile {
 public:
  // Creates missing folders too.
  static Result<StagedFile> Create(std::filesystem::path path);
  StagedFile(StagedFile&&) = default;
  ~StagedFile();

  Status Append(std::string_view bytes);
  // Writes over what is there from `offset` on.
  Status Overwrite(int64_t offset, std::string_view bytes);
  // Makes it durable under its own name; on an error an older file of that name is untouched.
  Status Commit();

 private:
  StagedFile(std::filesystem::path path, std::filesystem::path temporary, UniqueFd fd)
      : path_(std::move(path)), temporary_(std::move(temporary)), fd_(std::move(fd)) {}

  std::filesystem::path path_;
  std::filesystem::path temporary_;
  UniqueFd fd_;  // Invalid once committed or moved from.
  int64_t bytes_ = 0;
};

}  // namespace archsweep
