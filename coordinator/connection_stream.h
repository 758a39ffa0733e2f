#pragma once

#include <httplib.h>
#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "coordinator/certificate.h"

namespace archsweep {

struct FreeTls {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* connection) const { SSL_free(connection); }
};
using TlsContext = std::unique_ptr<SSL_CTX, FreeTls>;

// What connections are encrypted by that show `certificate`.
Result<TlsContext> MakeTlsContext(const Certificate& certificate);

// One connection of HTTP, for which there is so much time in all and so much that it may say: one
// that is slow or talks too much fails, and holds nobody up. One thread.
class ConnectionStream final : public httplib::Stream {
 public:
  // `socket` does not wait. With a context the connection is encrypted. All outlive the stream.
  ConnectionStream(int socket, SSL_CTX* context, const Clock& clock, int64_t time_ms,
                   int64_t read_bytes_max);

  // Begins encryption, where there is any; false if the other side does not.
  bool Open();

  bool is_readable() const override { return true; }
  bool is_writable() const override { return true; }
  ssize_t read(char* data, size_t size) override;
  ssize_t write(const char* data, size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  socket_t socket() const override { return socket_; }

 private:
  bool WaitFor(short events) const;  // Within the time that is left.
  // Repeats a step of TLS until it is through; what it gave.
  template <class Step>
  int Through(Step step);

  const int socket_;
  const Clock& clock_;
  const int64_t end_ms_;
  int64_t read_left_;
  std::unique_ptr<SSL, FreeTls> tls_;
};

}  // namespace archsweep
