#include "base/check.h"
#include "proto/convert.h"
#include "tests/fuzz/targets.h"

namespace archsweep {
namespace {

// A message that is accepted is written as one that says the same.
template <class Message>
void Exchange(const std::string& bytes) {
  Message message;
  if (!message.ParseFromString(bytes)) return;
  const auto value = FromWire(message);
  if (!value) return CHECK(!value.error().message.empty());
  const Message written = ToWire(*value);
  const auto again = FromWire(written);
  CHECK(again.has_value());
  CHECK(ToWire(*again).SerializeAsString() == written.SerializeAsString());
}

}  // namespace

// The first byte says which message the others are.
void FuzzWire(std::string_view bytes) {
  if (bytes.empty()) return;
  const std::string message(bytes.substr(1));
  switch (bytes[0]) {
    case 'r':
      return Exchange<fleet::v1::RegisterRequest>(message);
    case 's':
      return Exchange<fleet::v1::SynchronizeRequest>(message);
    case 'o':
      return Exchange<fleet::v1::SynchronizeResponse>(message);
    default:
      return;
  }
}

}  // namespace archsweep
