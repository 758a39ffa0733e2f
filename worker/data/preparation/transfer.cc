#include "worker/data/preparation/transfer.h"

#include <curl/curl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>

#include "base/text.h"

namespace archsweep {
namespace {

constexpr int kTellIntervalMs = 100;
constexpr long kRedirectionsMax = 5;
constexpr long kNotFound = 404;
constexpr long kRangeNotSatisfiable = 416;
constexpr long kTooManyRequests = 429;
constexpr long kServerError = 500;
constexpr long kPartialContent = 206;

struct EasyDeleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct MultiDeleter {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};

Error Interrupted() { return {ErrorKind::kInterrupted, "stopped; the same command goes on"}; }

// One request and what has come of its answer.
class Transfer {
 public:
  Transfer(const TransferRequest& request, int fd, const WorkProgress& progress)
      : request_(request), fd_(fd), progress_(progress), done_(request.offset) {}

  TransferEnd Run();

 private:
  void SetUp();
  template <class Value>
  void Set(CURLoption option, Value value) {
    curl_easy_setopt(easy_.get(), option, value);
  }
  TransferEnd EndOf(CURLcode code);
  long HttpStatus() const;
  bool Tell() const { return !progress_ || progress_(done_, Total()); }
  int64_t Total() const { return request_.total > 0 ? request_.total : announced_; }

  static size_t OnBody(char* bytes, size_t size, size_t count, void* self);
  // Of the first bytes: does the answer fit the question?
  bool CheckAnswer();
  bool Write(std::string_view bytes);
  bool Refuse(ErrorKind kind, std::string message) {
    refused_ = {kind, std::move(message)};
    return false;
  }

  const TransferRequest& request_;
  int fd_;
  const WorkProgress& progress_;
  std::unique_ptr<CURL, EasyDeleter> easy_{curl_easy_init()};
  std::unique_ptr<CURLM, MultiDeleter> multi_{curl_multi_init()};
  std::array<char, CURL_ERROR_SIZE> message_{};
  int64_t done_;           // Bytes of the file that are on disk.
  int64_t announced_ = 0;  // Its length, as the server says.
  bool has_answer_ = false;
  Error refused_;  // Why OnBody ended the transfer.
};

void Transfer::SetUp() {
  Set(CURLOPT_URL, request_.url.c_str());
  Set(CURLOPT_PROTOCOLS_STR, "http,https");
  Set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  Set(CURLOPT_USERAGENT, "archsweep");
  Set(CURLOPT_FOLLOWLOCATION, 1L);
  Set(CURLOPT_MAXREDIRS, kRedirectionsMax);
  Set(CURLOPT_FAILONERROR, 1L);
  Set(CURLOPT_NOSIGNAL, 1L);
  Set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request_.connect_timeout_ms));
  Set(CURLOPT_LOW_SPEED_LIMIT, 1L);
  Set(CURLOPT_LOW_SPEED_TIME, static_cast<long>((request_.stall_timeout_ms + 999) / 1000));
  Set(CURLOPT_ERRORBUFFER, message_.data());
  Set(CURLOPT_WRITEFUNCTION, &Transfer::OnBody);
  Set(CURLOPT_WRITEDATA, static_cast<void*>(this));
  // CURLOPT_RESUME_FROM would refuse an answer that begins anew.
  if (request_.offset > 0) Set(CURLOPT_RANGE, Format("{}-", request_.offset).c_str());
}

TransferEnd Transfer::Run() {
  SetUp();
  curl_multi_add_handle(multi_.get(), easy_.get());
  int running = 1;
  while (running > 0) {
    CURLMcode code = curl_multi_perform(multi_.get(), &running);
    if (code == CURLM_OK && running > 0) {
      code = curl_multi_poll(multi_.get(), nullptr, 0, kTellIntervalMs, nullptr);
    }
    if (code != CURLM_OK) {
      return {TransferEnd::Kind::kFinal, {ErrorKind::kIo, curl_multi_strerror(code)}};
    }
    if (!Tell()) return {TransferEnd::Kind::kFinal, Interrupted()};
  }
  int left = 0;
  const CURLMsg* const message = curl_multi_info_read(multi_.get(), &left);
  const CURLcode code = message == nullptr ? CURLE_GOT_NOTHING : message->data.result;
  curl_multi_remove_handle(multi_.get(), easy_.get());
  return EndOf(code);
}

long Transfer::HttpStatus() const {
  long status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  return status;
}

TransferEnd Transfer::EndOf(CURLcode code) {
  using Kind = TransferEnd::Kind;
  const auto failure = [&](ErrorKind kind, std::string_view what) {
    return Error{kind, Format("{}: {}", request_.url, what)};
  };
  if (code == CURLE_OK && (Total() == 0 || done_ == Total())) return {Kind::kComplete, {}};
  if (code == CURLE_OK) {
    return {Kind::kPassing,
            failure(ErrorKind::kIo, Format("ended after {} of {} bytes", done_, Total()))};
  }
  const std::string_view reason =
      message_.front() != '\0' ? std::string_view(message_.data()) : curl_easy_strerror(code);
  switch (code) {
    case CURLE_WRITE_ERROR:
      return {Kind::kFinal, refused_};
    case CURLE_HTTP_RETURNED_ERROR: {
      const long status = HttpStatus();
      if (status == kNotFound) return {Kind::kFinal, failure(ErrorKind::kNotFound, reason)};
      if (status == kRangeNotSatisfiable && request_.offset > 0) {
        return {Kind::kRestart, failure(ErrorKind::kIo, reason)};
      }
      const bool may_pass = status >= kServerError || status == kTooManyRequests;
      return {may_pass ? Kind::kPassing : Kind::kFinal, failure(ErrorKind::kIo, reason)};
    }
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return {Kind::kFinal, failure(ErrorKind::kInvalidInput, reason)};
    case CURLE_TOO_MANY_REDIRECTS:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_OUT_OF_MEMORY:
      return {Kind::kFinal, failure(ErrorKind::kIo, reason)};
    default:
      return {Kind::kPassing, failure(ErrorKind::kIo, reason)};
  }
}

size_t Transfer::OnBody(char* bytes, size_t size, size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  const size_t length = size * count;
  return transfer.CheckAnswer() && transfer.Write({bytes, length}) ? length : CURL_WRITEFUNC_ERROR;
}

bool Transfer::CheckAnswer() {
  if (has_answer_) return true;
  has_answer_ = true;
  if (request_.offset > 0 && HttpStatus() != kPartialContent) {
    done_ = 0;
    if (ftruncate(fd_, 0) != 0) return Refuse(ErrorKind::kIo, std::strerror(errno));
  }
  curl_off_t length = -1;
  curl_easy_getinfo(easy_.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
  if (length < 0) return true;
  announced_ = done_ + length;
  if (request_.total == 0 || announced_ == request_.total) return true;
  return Refuse(ErrorKind::kCorrupt,
                Format("{}: the server has {} bytes, but the file has {}: it is another one",
                       request_.url, announced_, request_.total));
}

bool Transfer::Write(std::string_view bytes) {
  const int64_t most = Total() > 0 ? Total() : kArchiveBytesMax;
  if (done_ + static_cast<int64_t>(bytes.size()) > most) {
    return Refuse(ErrorKind::kCorrupt, Format("{}: sends more than {} bytes", request_.url, most));
  }
  while (!bytes.empty()) {
    const ssize_t count = pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(done_));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      return Refuse(ErrorKind::kIo,
                    Format("what came cannot be written: {}", std::strerror(errno)));
    }
    bytes.remove_prefix(static_cast<size_t>(count));
    done_ += count;
  }
  return true;
}

}  // namespace

TransferEnd TransferRest(const TransferRequest& request, int fd, const WorkProgress& progress) {
  return Transfer(request, fd, progress).Run();
}

Status WaitUnlessStopped(int64_t wait_ms, int64_t done, int64_t total,
                         const WorkProgress& progress) {
  for (int64_t waited_ms = 0; waited_ms < wait_ms; waited_ms += kTellIntervalMs) {
    if (progress && !progress(done, total)) return tl::unexpected(Interrupted());
    poll(nullptr, 0, static_cast<int>(std::min<int64_t>(kTellIntervalMs, wait_ms - waited_ms)));
  }
  return {};
}

}  // namespace archsweep
