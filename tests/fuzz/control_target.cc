#include "base/check.h"
#include "base/utf8.h"
#include "coordinator/steering.h"
#include "tests/fuzz/targets.h"

namespace archsweep {
namespace {

template <class Request>
auto Read(const Request& request) {
  auto read = FromWire(request);
  CHECK(read || !read.error().message.empty());
  return read;
}

template <class Request>
void Steer(const std::string& bytes) {
  Request request;
  if (!request.ParseFromString(bytes)) return;
  const auto read = Read(request);
  if (!read) return;
  // What names a sweep or a host is written into the database and shown.
  std::visit(
      [](const auto& typed) {
        if constexpr (requires { typed.name; }) CHECK(!typed.name.empty() && IsUtf8(typed.name));
        if constexpr (requires { typed.host; }) CHECK(!typed.host.empty() && IsUtf8(typed.host));
      },
      *read);
}

void Why(const std::string& bytes) {
  control::v1::WhyRequest request;
  if (!request.ParseFromString(bytes)) return;
  const auto trial = Read(request);
  if (trial) CHECK(ToHex(*trial) == request.trial());
}

void Submit(const std::string& bytes) {
  control::v1::SubmitRequest request;
  if (!request.ParseFromString(bytes) || !HasFewPoints(request.text())) return;
  const auto sweep = Read(request);
  if (sweep) CHECK(!(*sweep)->trials.empty() && (*sweep)->text == request.text());
}

}  // namespace

// The first byte says which message the others are.
void FuzzControl(std::string_view bytes) {
  if (bytes.empty()) return;
  const std::string message(bytes.substr(1));
  switch (bytes[0]) {
    case 'p':
      return Steer<control::v1::PauseRequest>(message);
    case 'r':
      return Steer<control::v1::ResumeRequest>(message);
    case 'c':
      return Steer<control::v1::CancelRequest>(message);
    case 'a':
      return Steer<control::v1::RetryRequest>(message);
    case 'd':
      return Steer<control::v1::DrainRequest>(message);
    case 'h':
      return Steer<control::v1::ReleaseRequest>(message);
    case 'w':
      return Why(message);
    case 's':
      return Submit(message);
    default:
      return;
  }
}

}  // namespace archsweep
