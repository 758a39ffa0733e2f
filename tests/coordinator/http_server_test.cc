#include "coordinator/http_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>

#include "base/unique_fd.h"
#include "tests/base/temporary_folder.h"

namespace archsweep {
namespace {

class Https : public testing::Test {
 protected:
  Https() {
    const HttpOptions options{.certificate =
                                  MakeServerCertificate(authority_, {"127.0.0.1"}).value()};
    server_ = HttpServer::Start(
                  options, kTokens, [this] { return latest_; }, clock_)
                  .value();
    std::ofstream(folder_.Path() / "authority.pem") << authority_.certificate;
  }

  httplib::Result Get(const std::string& path, const std::string& token) {
    httplib::SSLClient client("127.0.0.1", server_->Listens().port);
    client.set_ca_cert_path((folder_.Path() / "authority.pem").c_str());
    client.enable_server_certificate_verification(true);
    httplib::Headers headers;
    if (!token.empty()) headers.emplace("Authorization", "Bearer " + token);
    return client.Get(path, headers);
  }

  const Authorization kTokens{{{Role::kWorker, "w"}, {Role::kUser, "u"}, {Role::kReadOnly, "r"}}};
  TemporaryFolder folder_;
  SystemClock clock_;
  const Certificate authority_ = MakeAuthority("d").value();
  std::shared_ptr<Snapshot> latest_ = std::make_shared<Snapshot>();
  std::unique_ptr<HttpServer> server_;
};

TEST_F(Https, TellEveryoneWhetherTheCoordinatorWorks) {
  const auto good = Get("/healthz", "");
  ASSERT_TRUE(good) << to_string(good.error());
  EXPECT_EQ(good->status, 200);
  latest_->fatal = Error{ErrorKind::kIo, "disk full"};
  const auto bad = Get("/healthz", "");
  ASSERT_TRUE(bad);
  EXPECT_EQ(bad->status, 503);
  EXPECT_EQ(bad->body.find("disk"), std::string::npos) << "alive or not, and no more";
}

TEST_F(Https, GiveMetricsToThoseWhoMayRead) {
  latest_->counts = {.total = 10, .succeeded = 3, .failed = 1, .live = 2};
  const ResourceUse use{.wall_ms = 2'000,
                        .cpu_ms = 3'000,
                        .memory_bytes = 70,
                        .memory_peak_bytes = 90,
                        .device = DeviceUse{.memory_bytes = 5, .memory_peak_bytes = 6}};
  latest_->live = {LiveTask{.use = use}, LiveTask{.use = use}, LiveTask{}};
  EXPECT_EQ(Get("/metrics", "")->status, 401);
  EXPECT_EQ(Get("/metrics", "guess")->status, 401);
  EXPECT_EQ(Get("/metrics", "w")->status, 403);
  for (const char* token : {"u", "r"}) {
    const auto metrics = Get("/metrics", token);
    ASSERT_TRUE(metrics);
    EXPECT_EQ(metrics->status, 200);
    EXPECT_NE(metrics->body.find("archsweep_tasks{state=\"waiting\"} 4\n"), std::string::npos)
        << metrics->body;
    for (const char* line : {"\narchsweep_processors 3\n", "\narchsweep_memory_bytes 140\n",
                             "\narchsweep_device_memory_bytes 10\n"}) {
      EXPECT_NE(metrics->body.find(line), std::string::npos) << line << metrics->body;
    }
  }
  EXPECT_EQ(Get("/other", "u")->status, 404);
}

// Says things over plain TCP.
class RawClient {
 public:
  explicit RawClient(int port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    EXPECT_EQ(connect(fd_.Get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  bool Say(std::string_view text) const {
    return send(fd_.Get(), text.data(), text.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(text.size());
  }
  // All that comes until the other side ends the connection, which it must do in time.
  std::string Hear(int patience_ms) const {
    std::string heard;
    pollfd descriptor = {fd_.Get(), POLLIN, 0};
    while (poll(&descriptor, 1, patience_ms) > 0) {
      char part[4096];
      const ssize_t count = recv(fd_.Get(), part, sizeof part, 0);
      if (count <= 0) return heard;
      heard.append(part, static_cast<size_t>(count));
    }
    ADD_FAILURE() << "the connection was not ended";
    return heard;
  }

 private:
  UniqueFd fd_;
};

class PlainHttp : public testing::Test {
 protected:
  PlainHttp()
      : server_(HttpServer::Start(
                    {}, kTokens, [] { return std::make_shared<Snapshot>(); }, clock_)
                    .value()) {}

  static constexpr int kPatienceMs = static_cast<int>(kHttpConnectionMs) + 3'000;
  int Port() const { return server_->Listens().port; }
  void ExpectServing() const {
    const RawClient client(Port());
    client.Say("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_TRUE(client.Hear(kPatienceMs).starts_with("HTTP/1.1 200"));
  }

  const Authorization kTokens{{{Role::kUser, "u"}}};
  SystemClock clock_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(PlainHttp, IsRefusedBeyondThisMachine) {
  const auto open = HttpServer::Start(
      {.listen = {"0.0.0.0", 0}}, kTokens, [] { return std::make_shared<Snapshot>(); }, clock_);
  ASSERT_FALSE(open);
  EXPECT_EQ(open.error().kind, ErrorKind::kInvalidInput);
}

TEST_F(PlainHttp, OutlivesWhatIsNoRequest) {
  for (const std::string& text :
       {std::string("\0\1\2\3\r\n\r\n", 8), std::string("GET\r\n\r\n"),
        std::string("GET /healthz HTTP/9.9\r\n\r\n"), std::string("BREW /pot HTTP/1.1\r\n\r\n"),
        std::string("GET /healthz HTTP/1.1\r\nRange: bytes=0-,,,,-1\r\n\r\n"),
        std::string("POST /healthz HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\nx"),
        std::string(
            "POST /metrics HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n"),
        "GET /" + std::string(7'000, 'a') + " HTTP/1.1\r\n\r\n"}) {
    const RawClient client(Port());
    client.Say(text);
    EXPECT_FALSE(client.Hear(kPatienceMs).starts_with("HTTP/1.1 200")) << text.substr(0, 40);
  }
  ExpectServing();
}

TEST_F(PlainHttp, StopsListeningToOneWhoTalksTooMuch) {
  const RawClient client(Port());
  std::string headers = "GET /healthz HTTP/1.1\r\n";
  for (int i = 0; i < 100'000; ++i) headers += "X-Header: 0123456789\r\n";
  client.Say(headers);
  EXPECT_FALSE(client.Hear(kPatienceMs).starts_with("HTTP/1.1 200"));
  ExpectServing();
}

TEST_F(PlainHttp, DoesNotWaitForTheSlow) {
  std::vector<std::unique_ptr<RawClient>> slow;
  for (size_t i = 0; i < kHttpThreads; ++i) {
    slow.push_back(std::make_unique<RawClient>(Port()));
    slow.back()->Say("GET /healthz HT");
  }
  const int64_t begin_ms = clock_.MonotonicMs();
  ExpectServing();
  EXPECT_LT(clock_.MonotonicMs() - begin_ms, kHttpConnectionMs + 2'000);
}

}  // namespace
}  // namespace archsweep
