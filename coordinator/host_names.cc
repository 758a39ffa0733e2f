#include "coordinator/host_names.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>

#include "proto/access/channel.h"

namespace archsweep {
namespace {

constexpr const char* kLoopback = "127.0.0.1";

struct FreeInterfaces {
  void operator()(ifaddrs* list) const { freeifaddrs(list); }
};

// Of every interface that is up, but loopback.
std::vector<std::string> InterfaceAddresses(int family) {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return {};
  const std::unique_ptr<ifaddrs, FreeInterfaces> owned(list);
  std::vector<std::string> addresses;
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    const bool usable = entry->ifa_addr != nullptr && entry->ifa_addr->sa_family == family &&
                        (entry->ifa_flags & IFF_UP) != 0 && (entry->ifa_flags & IFF_LOOPBACK) == 0;
    if (!usable) continue;
    const void* number = family == AF_INET
                             ? static_cast<const void*>(
                                   &reinterpret_cast<const sockaddr_in*>(entry->ifa_addr)->sin_addr)
                             : &reinterpret_cast<const sockaddr_in6*>(entry->ifa_addr)->sin6_addr;
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (inet_ntop(family, number, text.data(), text.size()) != nullptr) {
      addresses.emplace_back(text.data());
    }
  }
  return addresses;
}

}  // namespace

std::vector<std::string> ReachableAddresses() {
  std::vector<std::string> addresses = InterfaceAddresses(AF_INET);
  if (addresses.empty()) addresses.emplace_back(kLoopback);
  return addresses;
}

std::vector<std::string> CertificateNames(const std::vector<std::string>& others) {
  std::vector<std::string> names = {kCoordinatorName, "localhost", kLoopback, "::1"};
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) == 0 && host[0] != '\0') {
    names.emplace_back(host.data());
  }
  for (const int family : {AF_INET, AF_INET6}) {
    for (std::string& address : InterfaceAddresses(family)) names.push_back(std::move(address));
  }
  names.insert(names.end(), others.begin(), others.end());
  std::vector<std::string> distinct;
  for (const std::string& name : names) {
    if (std::ranges::find(distinct, name) == distinct.end()) distinct.push_back(name);
  }
  return distinct;
}

}  // namespace archsweep
