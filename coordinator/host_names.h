#pragma once

#include <string>
#include <vector>

namespace archsweep {

// By what other machines may reach this one: the IPv4 addresses of its interfaces that are up, but
// loopback; where there is none, 127.0.0.1.
std::vector<std::string> ReachableAddresses();

// All that a certificate of this machine is for: the name that every coordinator has, the host's
// name, loopback, the addresses of all interfaces, and `others`. Each once.
std::vector<std::string> CertificateNames(const std::vector<std::string>& others);

}  // namespace archsweep
