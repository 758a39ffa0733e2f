#include "tests/cli/namespaces.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "base/text.h"
#include "tests/cli/command.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

// Of no interface.
constexpr const char* kNobody = "02:00:00:00:99:99";

std::string IpProgram() {
  for (const char* path : {"/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip", "/bin/ip"}) {
    std::error_code error;
    if (fs::exists(path, error)) return path;
  }
  return "";
}

CommandResult Ip(const std::string& arguments) {
  std::vector<std::string> command = Split(arguments, ' ');
  command.insert(command.begin(), IpProgram());
  return RunCommand(command);
}

void MustIp(const std::string& arguments) {
  const CommandResult result = Ip(arguments);
  ASSERT_EQ(result.exit_code, 0) << "ip " << arguments << ": " << result.err;
}

}  // namespace

std::optional<std::string> Namespaces::WhyNot() {
  if (geteuid() != 0) return "only root may make network namespaces";
  if (IpProgram().empty()) return "there is no program ip";
  const std::string name = Format("archsweep-{}-probe", getpid());
  const CommandResult added = Ip("netns add " + name);
  if (added.exit_code != 0) return "ip netns add fails: " + added.err;
  const CommandResult bridge = Ip(Format("-n {} link add bridge0 type bridge", name));
  const CommandResult pair = Ip(Format("-n {} link add probe0 type veth peer name probe1", name));
  Ip("netns del " + name);
  if (bridge.exit_code != 0) return "the kernel has no bridges: " + bridge.err;
  if (pair.exit_code != 0) return "the kernel has no veth: " + pair.err;
  return std::nullopt;
}

Namespaces::Namespaces(int hosts) : hosts_(hosts) {
  MustIp("netns add " + Hub());
  MustIp(Format("-n {} link add bridge0 type bridge", Hub()));
  MustIp(Format("-n {} link set bridge0 up", Hub()));
  for (int host = 0; host < hosts; ++host) Connect(host);
}

Namespaces::~Namespaces() {
  for (int host = 0; host < hosts_; ++host) Ip("netns del " + NameOf(host));
  Ip("netns del " + Hub());
}

void Namespaces::Connect(int host) {
  const std::string name = NameOf(host);
  MustIp("netns add " + name);
  MustIp(Format("-n {} link add port{} type veth peer name eth0 netns {}", Hub(), host, name));
  MustIp(Format("-n {} link set port{} master bridge0 up", Hub(), host));
  MustIp(Format("-n {} addr add {}/24 dev eth0", name, AddressOf(host)));
  MustIp(Format("-n {} link set lo up", name));
  MustIp(Format("-n {} link set eth0 up", name));
}

std::string Namespaces::NameOf(int host) const { return Format("archsweep-{}-{}", getpid(), host); }
std::string Namespaces::Hub() const { return Format("archsweep-{}-hub", getpid()); }
std::string Namespaces::AddressOf(int host) { return Format("10.99.0.{}", host + 1); }

std::vector<std::string> Namespaces::On(int host, const std::vector<std::string>& command) const {
  std::vector<std::string> on = {IpProgram(), "netns", "exec", NameOf(host)};
  on.insert(on.end(), command.begin(), command.end());
  return on;
}

void Namespaces::Unplug(int host) { MustIp(Format("-n {} link set port{} down", Hub(), host)); }
void Namespaces::Plug(int host) { MustIp(Format("-n {} link set port{} up", Hub(), host)); }

void Namespaces::CutOneWay(int from, int to) {
  MustIp(Format("-n {} neigh replace {} lladdr {} dev eth0 nud permanent", NameOf(from),
                AddressOf(to), kNobody));
}

void Namespaces::HealOneWay(int from, int to) {
  MustIp(Format("-n {} neigh del {} dev eth0", NameOf(from), AddressOf(to)));
}

}  // namespace archsweep
