#include "coordinator/connection_stream.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <limits>

namespace archsweep {
namespace {

struct FreeOpenssl {
  void operator()(BIO* bio) const { BIO_free_all(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};

std::unique_ptr<BIO, FreeOpenssl> MemoryOf(const std::string& text) {
  return std::unique_ptr<BIO, FreeOpenssl>(
      BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

}  // namespace

Result<TlsContext> MakeTlsContext(const Certificate& certificate) {
  TlsContext context(SSL_CTX_new(TLS_server_method()));
  const std::unique_ptr<X509, FreeOpenssl> shown(
      PEM_read_bio_X509(MemoryOf(certificate.certificate).get(), nullptr, nullptr, nullptr));
  const std::unique_ptr<EVP_PKEY, FreeOpenssl> key(
      PEM_read_bio_PrivateKey(MemoryOf(certificate.key).get(), nullptr, nullptr, nullptr));
  const bool good = context && shown && key &&
                    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) == 1 &&
                    SSL_CTX_use_certificate(context.get(), shown.get()) == 1 &&
                    SSL_CTX_use_PrivateKey(context.get(), key.get()) == 1;
  if (!good) return Fail(ErrorKind::kIo, "OpenSSL cannot use the certificate of this coordinator");
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION);
  return context;
}

ConnectionStream::ConnectionStream(int socket, SSL_CTX* context, const Clock& clock,
                                   int64_t time_ms, int64_t read_bytes_max)
    : socket_(socket),
      clock_(clock),
      end_ms_(clock.MonotonicMs() + time_ms),
      read_left_(read_bytes_max),
      tls_(context != nullptr ? SSL_new(context) : nullptr) {}

bool ConnectionStream::WaitFor(short events) const {
  const int64_t left_ms = end_ms_ - clock_.MonotonicMs();
  if (left_ms <= 0) return false;
  pollfd descriptor = {socket_, events, 0};
  const int64_t longest_ms = std::numeric_limits<int>::max();
  return poll(&descriptor, 1, static_cast<int>(std::min(left_ms, longest_ms))) > 0;
}

template <class Step>
int ConnectionStream::Through(Step step) {
  while (true) {
    ERR_clear_error();
    const int done = step();
    if (done > 0) return done;
    const int reason = SSL_get_error(tls_.get(), done);
    if (reason == SSL_ERROR_ZERO_RETURN) return 0;
    const bool waits = reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE;
    if (!waits || !WaitFor(reason == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT)) return -1;
  }
}

bool ConnectionStream::Open() {
  if (!tls_) return true;
  return SSL_set_fd(tls_.get(), socket_) == 1 &&
         Through([&] { return SSL_accept(tls_.get()); }) > 0;
}

ssize_t ConnectionStream::read(char* data, size_t size) {
  size = std::min(size, static_cast<size_t>(read_left_));
  if (size == 0) return -1;
  ssize_t count = -1;
  if (tls_) {
    count = Through([&] { return SSL_read(tls_.get(), data, static_cast<int>(size)); });
  } else if (WaitFor(POLLIN)) {
    count = recv(socket_, data, size, 0);
  }
  if (count > 0) read_left_ -= count;
  return count;
}

ssize_t ConnectionStream::write(const char* data, size_t size) {
  if (tls_) {
    const int part = static_cast<int>(std::min<size_t>(size, std::numeric_limits<int>::max()));
    return Through([&] { return SSL_write(tls_.get(), data, part); });
  }
  return WaitFor(POLLOUT) ? send(socket_, data, size, MSG_NOSIGNAL) : -1;
}

void ConnectionStream::get_remote_ip_and_port(std::string& ip, int& port) const {
  ip.clear();
  port = 0;
}

void ConnectionStream::get_local_ip_and_port(std::string& ip, int& port) const {
  ip.clear();
  port = 0;
}

}  // namespace archsweep
