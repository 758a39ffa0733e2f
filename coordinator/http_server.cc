#include "coordinator/http_server.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "base/text.h"
#include "coordinator/connection_stream.h"
#include "coordinator/metrics.h"

namespace archsweep {
namespace {

constexpr const char* kPlainText = "text/plain; charset=utf-8";
constexpr const char* kMetricsText = "text/plain; version=0.0.4; charset=utf-8";

// Places for connections. Not a semaphore of the library: that of GCC 12 can miss a release.
class Places {
 public:
  explicit Places(int count) : free_(count) {}

  void Take() {
    std::unique_lock lock(mutex_);
    freed_.wait(lock, [this] { return free_ > 0; });
    --free_;
  }
  void GiveBack() {
    const std::lock_guard lock(mutex_);
    ++free_;
    freed_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable freed_;
  int free_;
};

// Threads for so many connections; whoever brings another one waits.
class ConnectionThreads final : public httplib::ThreadPool {
 public:
  ConnectionThreads() : httplib::ThreadPool(kHttpThreads) {}
  void enqueue(std::function<void()> serve) override {
    places_.Take();
    httplib::ThreadPool::enqueue([this, serve = std::move(serve)] {
      serve();
      places_.GiveBack();
    });
  }

 private:
  Places places_{kHttpConnectionsMax};
};

// The library's server with our bounds for each connection.
class BoundedServer final : public httplib::Server {
 public:
  BoundedServer(TlsContext tls, const Clock& clock) : tls_(std::move(tls)), clock_(clock) {}

 private:
  bool process_and_close_socket(socket_t socket) override {
    fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) | O_NONBLOCK);
    bool served = false;
    {
      ConnectionStream stream(socket, tls_.get(), clock_, kHttpConnectionMs, kHttpRequestBytesMax);
      bool closed = false;
      served = stream.Open() && process_request(stream, true, closed, nullptr);
    }
    shutdown(socket, SHUT_RDWR);
    close(socket);
    return served;
  }

  const TlsContext tls_;
  const Clock& clock_;
};

}  // namespace

class HttpServer::Impl {
 public:
  Impl(TlsContext tls, const Authorization& authorization, LatestSnapshot latest,
       const Clock& clock)
      : server_(std::move(tls), clock), authorization_(authorization), latest_(std::move(latest)) {
    server_.new_task_queue = [] { return new ConnectionThreads; };
    server_.set_payload_max_length(0);
    server_.Get("/healthz", [this](const auto&, auto& response) { Health(response); });
    server_.Get("/metrics",
                [this](const auto& request, auto& response) { Metrics(request, response); });
  }

  // The library forgets a stop that comes before its loop has begun.
  ~Impl() {
    while (!ended_ && !server_.is_running()) std::this_thread::yield();
    if (!ended_) server_.stop();
  }

  Status Listen(const Address& listen) {
    const int port = listen.port != 0
                         ? (server_.bind_to_port(listen.host, listen.port) ? listen.port : -1)
                         : server_.bind_to_any_port(listen.host);
    if (port <= 0) {
      return Fail(ErrorKind::kIo,
                  Format("{}: HTTP cannot be served there; another program may have the port",
                         ToText(listen)));
    }
    listens_ = {listen.host, port};
    ended_ = false;
    thread_ = std::jthread([this] {
      server_.listen_after_bind();
      ended_ = true;
    });
    return {};
  }

  const Address& Listens() const { return listens_; }

 private:
  void Health(httplib::Response& response) const {
    const bool good = !latest_()->fatal;
    response.status = good ? 200 : 503;
    response.set_content(good ? "ok\n" : "failed\n", kPlainText);
  }

  void Metrics(const httplib::Request& request, httplib::Response& response) const {
    const auto refusal = authorization_.Refuse(request.get_header_value("Authorization"),
                                               {Role::kUser, Role::kReadOnly});
    if (!refusal) return response.set_content(MetricsText(*latest_()), kMetricsText);
    response.status = refusal->unauthenticated ? 401 : 403;
    response.set_header("WWW-Authenticate", "Bearer");
    response.set_content(refusal->message + "\n", kPlainText);
  }

  BoundedServer server_;
  const Authorization& authorization_;
  const LatestSnapshot latest_;
  Address listens_;
  std::atomic<bool> ended_ = true;
  std::jthread thread_;
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;
const Address& HttpServer::Listens() const { return impl_->Listens(); }

Result<std::unique_ptr<HttpServer>> HttpServer::Start(const HttpOptions& options,
                                                      const Authorization& authorization,
                                                      LatestSnapshot latest, const Clock& clock) {
  if (!options.certificate && !IsLoopback(options.listen)) {
    return Fail(ErrorKind::kInvalidInput,
                Format("{}: can be reached from other machines, where plain text is refused",
                       ToText(options.listen)));
  }
  TlsContext tls;
  if (options.certificate) {
    TRY_ASSIGN(tls, MakeTlsContext(*options.certificate));
  }
  auto impl = std::make_unique<Impl>(std::move(tls), authorization, std::move(latest), clock);
  TRY(impl->Listen(options.listen));
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

}  // namespace archsweep
