#pragma once

#include <optional>
#include <string>
#include <vector>

namespace archsweep {

// Hosts of their own on one network, as far as the kernel is concerned: each is a network namespace
// with one interface, and a further namespace holds the bridge between them. Host 0 has the address
// 10.99.0.1, the next one 10.99.0.2... Removed when it goes.
class Namespaces {
 public:
  // Why there can be none here; nothing: there can.
  static std::optional<std::string> WhyNot();

  // Fails the test where it cannot.
  explicit Namespaces(int hosts);
  ~Namespaces();
  Namespaces(const Namespaces&) = delete;
  Namespaces& operator=(const Namespaces&) = delete;

  static std::string AddressOf(int host);

  // The same command, run on the host.
  std::vector<std::string> On(int host, const std::vector<std::string>& command) const;

  // Nothing gets from or to the host.
  void Unplug(int host);
  void Plug(int host);

  // What `from` sends to `to` vanishes; the other direction works.
  void CutOneWay(int from, int to);
  void HealOneWay(int from, int to);

 private:
  std::string NameOf(int host) const;
  std::string Hub() const;
  void Connect(int host);

  int hosts_;
};

}  // namespace archsweep
