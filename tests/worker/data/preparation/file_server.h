#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/unique_fd.h"

namespace archsweep {

// How a FileServer answers.
struct ServerManners {
  bool knows_ranges = true;
  int status = 200;                      // Of an answer, if it is to be an error.
  std::optional<size_t> cut_after = {};  // Ends each answer after so many bytes of the file.
  bool hangs = false;                    // Then stays silent, until it has other manners.
  std::string location = {};             // Redirects there, once.
};

// An HTTP server of one file on loopback, on a thread of its own, for one request a connection.
class FileServer {
 public:
  explicit FileServer(std::string content);
  ~FileServer();
  FileServer(const FileServer&) = delete;
  FileServer& operator=(const FileServer&) = delete;

  void Behave(const ServerManners& manners);
  std::string Url(const std::string& name = "file") const;

  // The first byte that each request asked for, in their order.
  std::vector<size_t> Offsets() const;

 private:
  void Serve(const std::stop_token& stop);
  void Answer(int connection, const std::stop_token& stop);
  bool Hangs() const;
  std::string AnswerTo(const std::string& request);

  const std::string content_;
  UniqueFd listener_;
  int port_ = 0;
  mutable std::mutex mutex_;
  ServerManners manners_;        // Under the mutex.
  std::vector<size_t> offsets_;  // Under the mutex.
  std::jthread thread_;          // Last, so that it ends first.
};

}  // namespace archsweep
