#include "tests/worker/data/preparation/file_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "base/text.h"

namespace archsweep {
namespace {

constexpr int kPollMs = 20;
constexpr int kRequestMs = 5'000;  // The longest that a request may take to arrive.

// Up to the empty line; what there is when the other side ends or is slow.
std::string ReadRequest(int connection) {
  std::string request;
  pollfd waiting = {connection, POLLIN, 0};
  while (request.find("\r\n\r\n") == std::string::npos && poll(&waiting, 1, kRequestMs) > 0) {
    char buffer[4096];
    const ssize_t count = read(connection, buffer, sizeof buffer);
    if (count <= 0) break;
    request.append(buffer, static_cast<size_t>(count));
  }
  return request;
}

void WriteAll(int connection, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(count));
  }
}

size_t OffsetOf(const std::string& request) {
  constexpr std::string_view kRange = "Range: bytes=";
  const size_t at = request.find(kRange);
  if (at == std::string::npos) return 0;
  const size_t begin = at + kRange.size();
  const std::string digits = request.substr(begin, request.find('-', begin) - begin);
  return static_cast<size_t>(ParseInteger(digits).value_or(0));
}

}  // namespace

FileServer::FileServer(std::string content) : content_(std::move(content)) {
  listener_ = UniqueFd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  CHECK(bind(listener_.Get(), generic, length) == 0);
  CHECK(getsockname(listener_.Get(), generic, &length) == 0);
  CHECK(listen(listener_.Get(), 8) == 0);
  port_ = ntohs(address.sin_port);
  thread_ = std::jthread([this](const std::stop_token& stop) { Serve(stop); });
}

FileServer::~FileServer() = default;

void FileServer::Behave(const ServerManners& manners) {
  const std::scoped_lock lock(mutex_);
  manners_ = manners;
}

std::string FileServer::Url(const std::string& name) const {
  return Format("http://127.0.0.1:{}/{}", port_, name);
}

std::vector<size_t> FileServer::Offsets() const {
  const std::scoped_lock lock(mutex_);
  return offsets_;
}

void FileServer::Serve(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    pollfd waiting = {listener_.Get(), POLLIN, 0};
    if (poll(&waiting, 1, kPollMs) <= 0) continue;
    const UniqueFd connection(accept4(listener_.Get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (connection.Valid()) Answer(connection.Get(), stop);
  }
}

void FileServer::Answer(int connection, const std::stop_token& stop) {
  WriteAll(connection, AnswerTo(ReadRequest(connection)));
  while (Hangs() && !stop.stop_requested()) poll(nullptr, 0, kPollMs);
  shutdown(connection, SHUT_WR);
}

bool FileServer::Hangs() const {
  const std::scoped_lock lock(mutex_);
  return manners_.hangs;
}

std::string FileServer::AnswerTo(const std::string& request) {
  const std::scoped_lock lock(mutex_);
  const size_t asked = OffsetOf(request);
  offsets_.push_back(asked);
  if (!manners_.location.empty()) {
    return Format("HTTP/1.1 302 Found\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n",
                  std::exchange(manners_.location, ""));
  }
  if (manners_.status != 200) {
    return Format("HTTP/1.1 {} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                  manners_.status);
  }
  if (asked > 0 && manners_.knows_ranges && asked >= content_.size()) {
    return "HTTP/1.1 416 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  }
  const size_t begin = manners_.knows_ranges ? asked : 0;
  const std::string rest = content_.substr(begin);
  const std::string range =
      Format("Content-Range: bytes {}-{}/{}\r\n", begin, content_.size() - 1, content_.size());
  return Format("HTTP/1.1 {}\r\n{}Content-Length: {}\r\nConnection: close\r\n\r\n",
                begin > 0 ? "206 Partial Content" : "200 OK", begin > 0 ? range : "", rest.size()) +
         rest.substr(0, manners_.cut_after.value_or(rest.size()));
}

}  // namespace archsweep
