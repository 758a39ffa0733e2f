#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace archsweep {

// One end of a connection.
struct Address {
  std::string host;  // A name, or an IPv4 or IPv6 address without brackets.
  int port = 0;      // 0 to 65535; 0: any that is free, for a listener.
  friend bool operator==(const Address&, const Address&) = default;
};

// "HOST:PORT", an IPv6 address in brackets.
Result<Address> ParseAddress(std::string_view text);
std::string ToText(const Address& address);

// Whether only this machine can reach the address, so that plain text crosses no wire.
bool IsLoopback(const Address& address);

// Whether a listener at the address is reached by every interface of the machine.
bool IsEveryInterface(const Address& address);

}  // namespace archsweep
