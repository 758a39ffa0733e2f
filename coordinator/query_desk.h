#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "proto/control.pb.h"
#include "storage/reader.h"

namespace archsweep {

inline constexpr size_t kReadingThreads = 2;
inline constexpr size_t kReadingsWaitingMax = 256;
inline constexpr size_t kCursorsMax = 32;
inline constexpr int64_t kCursorMs = 60'000;
inline constexpr int64_t kRemoteQueryMsMax = 600'000;
inline constexpr int kPageRows = 5'000;
inline constexpr int64_t kPageBytes = 4 << 20;
inline constexpr int64_t kLogPageBytes = 256 << 10;
inline constexpr int64_t kCollectMsMax = 600'000;
inline constexpr size_t kLeftoversMax = 5'000;  // In one answer.

// Reads database and logs for others, on threads of its own, so that nobody who must not wait does;
// also removes what nothing needs.
// Each query has a read-only connection of its own for as long as its cursor lives. Any thread.
class QueryDesk {
 public:
  // `clock` outlives the object. Logs are below the shared folder.
  QueryDesk(std::filesystem::path state_folder, std::filesystem::path shared_folder,
            const Clock& clock);
  ~QueryDesk();

  // Drops what waits and ends the queries under way; nothing more is taken.
  void Stop();

  using Work = std::function<void()>;
  // Runs `work` on a thread of the desk. False if too much waits; it is then not run.
  bool Post(Work work);

  // On a thread of the desk. See control.proto.
  Result<control::v1::QueryResponse> Query(const control::v1::QueryRequest& request);
  Result<control::v1::ReadLogResponse> ReadLog(const control::v1::ReadLogRequest& request) const;
  // Ends early, with kUnavailable, once `is_given_up`.
  Result<control::v1::CollectGarbageResponse> CollectGarbage(
      const control::v1::CollectGarbageRequest& request, const std::function<bool()>& is_given_up);

 private:
  struct OpenQuery;
  using OpenQueryPointer = std::unique_ptr<OpenQuery>;

  void Serve(const std::stop_token& stop);
  Result<OpenQueryPointer> Begin(const control::v1::QueryRequest& request) const;
  Result<OpenQueryPointer> TakeOpen(const std::string& cursor);
  Result<std::string> Keep(OpenQueryPointer query);
  void DropOld(int64_t now_ms);

  const std::filesystem::path state_folder_;
  const std::filesystem::path shared_folder_;
  // Time is over for every query once the desk stops.
  class DeskClock;
  const std::unique_ptr<DeskClock> clock_;
  std::mutex collecting_;  // Held by the one call that looks for what nothing needs.
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool stopped_ = false;                          // Guarded by the mutex,
  std::deque<Work> waiting_;                      // and so are these.
  std::map<std::string, OpenQueryPointer> open_;  // By cursor.
  std::vector<std::jthread> threads_;             // Last: they use all of the above.
};

}  // namespace archsweep
