#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "coordinator/authorization.h"
#include "coordinator/certificate.h"
#include "coordinator/snapshot.h"
#include "proto/access/address.h"

namespace archsweep {

inline constexpr size_t kHttpThreads = 4;
inline constexpr int kHttpConnectionsMax = 64;       // At work or waiting; others wait outside.
inline constexpr int64_t kHttpConnectionMs = 3'000;  // For one request and its answer.
inline constexpr int64_t kHttpRequestBytesMax = 16 << 10;

struct HttpOptions {
  Address listen = {"127.0.0.1", 0};
  std::optional<Certificate> certificate;  // Without one, in plain text and on loopback only.
};

// The coordinator for programs that speak HTTP: GET /healthz tells everyone whether it works, GET
// /metrics those who show a user's or reader's token. One request a connection. Any thread.
class HttpServer {
 public:
  using LatestSnapshot = std::function<std::shared_ptr<const Snapshot>()>;

  // `latest` is called on its threads; all that is given outlives the server. The errors are those
  // of Server.
  static Result<std::unique_ptr<HttpServer>> Start(const HttpOptions& options,
                                                   const Authorization& authorization,
                                                   LatestSnapshot latest, const Clock& clock);
  ~HttpServer();

  // Where it listens, with the port that it got.
  const Address& Listens() const;

 private:
  class Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace archsweep
