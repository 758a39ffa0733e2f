#include "coordinator/query_desk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <utility>

#include "base/file.h"
#include "base/id.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "base/utf8.h"
#include "storage/leftovers.h"
#include "sweep/attempt/layout.h"

namespace archsweep {
namespace {

constexpr std::chrono::seconds kLookInterval(1);  // For cursors that nobody uses any more.

// How much of the page the value takes.
int64_t Fill(const SqlValue& value, control::v1::Value& wire) {
  if (const auto* integer = std::get_if<int64_t>(&value)) wire.set_integer(*integer);
  if (const auto* real = std::get_if<double>(&value)) wire.set_real(*real);
  if (const auto* blob = std::get_if<Blob>(&value)) wire.set_blob(std::string(blob->bytes));
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    // SQLite keeps any bytes as text; on the wire text is UTF-8.
    if (IsUtf8(*text)) {
      wire.set_text(std::string(*text));
    } else {
      wire.set_blob(std::string(*text));
    }
  }
  return static_cast<int64_t>(wire.ByteSizeLong());
}

}  // namespace

// Once stopped it runs so fast that every query is out of time, whether it began before or after.
class QueryDesk::DeskClock final : public Clock {
 public:
  explicit DeskClock(const Clock& clock) : clock_(clock) {}
  void Stop() { stopped_ = true; }
  int64_t MonotonicMs() const override {
    const int64_t now_ms = clock_.MonotonicMs();
    return stopped_ ? now_ms + 2 * kRemoteQueryMsMax * ++looks_ : now_ms;
  }
  int64_t WallMs() const override { return clock_.WallMs(); }

 private:
  const Clock& clock_;
  std::atomic<bool> stopped_ = false;
  mutable std::atomic<int64_t> looks_ = 0;
};

struct QueryDesk::OpenQuery {
  Reader reader;
  std::optional<Rows> rows{};  // Of the reader, so it goes first.
  int64_t end_ms = 0;          // When it is dropped.
};

QueryDesk::QueryDesk(std::filesystem::path state_folder, std::filesystem::path shared_folder,
                     const Clock& clock)
    : state_folder_(std::move(state_folder)),
      shared_folder_(std::move(shared_folder)),
      clock_(std::make_unique<DeskClock>(clock)) {
  for (size_t i = 0; i < kReadingThreads; ++i) {
    threads_.emplace_back([this](const std::stop_token& stop) { Serve(stop); });
  }
}

QueryDesk::~QueryDesk() {
  Stop();
  for (std::jthread& thread : threads_) thread.request_stop();
  threads_.clear();
}

void QueryDesk::Stop() {
  clock_->Stop();
  std::deque<Work> dropped;  // Goes after the lock, for it finishes calls.
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  dropped.swap(waiting_);
}

bool QueryDesk::Post(Work work) {
  {
    const std::lock_guard lock(mutex_);
    if (stopped_ || waiting_.size() >= kReadingsWaitingMax) return false;
    waiting_.push_back(std::move(work));
  }
  changed_.notify_one();
  return true;
}

void QueryDesk::Serve(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    Work work;
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, stop, kLookInterval, [this] { return !waiting_.empty(); });
      DropOld(clock_->MonotonicMs());
      if (waiting_.empty() || stop.stop_requested()) continue;
      work = std::move(waiting_.front());
      waiting_.pop_front();
    }
    work();
  }
}

void QueryDesk::DropOld(int64_t now_ms) {
  std::erase_if(open_, [&](const auto& entry) { return entry.second->end_ms <= now_ms; });
}

Result<QueryDesk::OpenQueryPointer> QueryDesk::Begin(
    const control::v1::QueryRequest& request) const {
  if (request.timeout_ms() < 0 || request.timeout_ms() > kRemoteQueryMsMax) {
    return Fail(ErrorKind::kInvalidInput, Format("timeout_ms: is {}; it must be 0 to {}",
                                                 request.timeout_ms(), kRemoteQueryMsMax));
  }
  TRY_ASSIGN(Reader reader, Reader::Open(state_folder_, *clock_));
  auto query = std::make_unique<OpenQuery>(OpenQuery{std::move(reader)});
  const std::vector<std::string> parameters(request.parameters().begin(),
                                            request.parameters().end());
  const int64_t timeout_ms = request.timeout_ms() == 0 ? kQueryTimeoutMs : request.timeout_ms();
  TRY_ASSIGN(Rows rows, query->reader.Query(request.sql(), parameters, timeout_ms));
  query->rows.emplace(std::move(rows));
  return query;
}

Result<QueryDesk::OpenQueryPointer> QueryDesk::TakeOpen(const std::string& cursor) {
  const std::lock_guard lock(mutex_);
  const auto found = open_.find(cursor);
  if (found == open_.end()) {
    return Fail(ErrorKind::kNotFound, "cursor: is not known any more; ask the query again");
  }
  OpenQueryPointer query = std::move(found->second);
  open_.erase(found);
  return query;
}

Result<std::string> QueryDesk::Keep(OpenQueryPointer query) {
  query->end_ms = clock_->MonotonicMs() + kCursorMs;
  const std::lock_guard lock(mutex_);
  if (open_.size() >= kCursorsMax) {
    return Fail(ErrorKind::kBusy, "too many large queries are being read; try again later");
  }
  std::string cursor = RandomSecret();
  open_.emplace(cursor, std::move(query));
  return cursor;
}

Result<control::v1::QueryResponse> QueryDesk::Query(const control::v1::QueryRequest& request) {
  if (request.cursor().empty() == request.sql().empty()) {
    return Fail(ErrorKind::kInvalidInput, "sql: must be given, or else a cursor");
  }
  TRY_ASSIGN(OpenQueryPointer query,
             request.cursor().empty() ? Begin(request) : TakeOpen(request.cursor()));
  control::v1::QueryResponse page;
  Rows& rows = *query->rows;
  const auto columns = static_cast<int>(rows.Columns().size());
  for (const std::string& column : rows.Columns()) page.add_columns(column);
  int64_t bytes = 0;
  while (page.rows_size() < kPageRows && bytes < kPageBytes) {
    TRY_ASSIGN(const bool found, rows.Next());
    if (!found) return page;
    auto* const row = page.add_rows();
    for (int i = 0; i < columns; ++i) bytes += Fill(rows.At(i), *row->add_values());
  }
  TRY_ASSIGN(*page.mutable_cursor(), Keep(std::move(query)));
  return page;
}

Result<control::v1::ReadLogResponse> QueryDesk::ReadLog(
    const control::v1::ReadLogRequest& request) const {
  const std::filesystem::path path = shared_folder_ / LogOf(Token{request.token()});
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat info {};
  if (!fd.Valid() || fstat(fd.Get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return Fail(ErrorKind::kNotFound, Format("attempt {} has no log", request.token()));
  }
  const int64_t size = info.st_size;
  const int64_t begin = request.offset() < 0 ? size + std::max(request.offset(), -size)
                                             : std::min(request.offset(), size);
  std::string text(static_cast<size_t>(std::min(size - begin, kLogPageBytes)), '\0');
  const ssize_t count = pread(fd.Get(), text.data(), text.size(), begin);
  if (count < 0) return tl::unexpected(SystemError(path, "be read"));
  text.resize(static_cast<size_t>(count));
  control::v1::ReadLogResponse response;
  response.set_next_offset(begin + count);
  response.set_text(std::move(text));
  return response;
}

Result<control::v1::CollectGarbageResponse> QueryDesk::CollectGarbage(
    const control::v1::CollectGarbageRequest& request, const std::function<bool()>& is_given_up) {
  const std::unique_lock only(collecting_, std::try_to_lock);
  if (!only) return Fail(ErrorKind::kBusy, "another call looks for what nothing needs");
  const int64_t end_ms = clock_->MonotonicMs() + kCollectMsMax;
  const auto go_on = [&]() -> Status {
    if (!is_given_up() && clock_->MonotonicMs() < end_ms) return {};
    return Fail(ErrorKind::kUnavailable, "it took too long; ask again for the rest");
  };
  TRY_ASSIGN(const auto leftovers,
             FindLeftovers(state_folder_, shared_folder_, request.age_ms(), *clock_,
                           {.count_max = kLeftoversMax, .go_on = go_on}));
  control::v1::CollectGarbageResponse response;
  response.set_more(leftovers.size() == kLeftoversMax);
  for (const Leftover& leftover : leftovers) {
    if (request.remove()) {
      TRY(go_on());
      TRY(Remove(leftover));
    }
    auto* const wire = response.add_leftovers();
    wire->set_path(leftover.path.lexically_relative(shared_folder_).string());
    wire->set_bytes(leftover.bytes);
  }
  return response;
}

}  // namespace archsweep
