#include <gtest/gtest.h>

#include <string>

#include "base/json.h"
#include "base/sha256.h"
#include "base/text.h"
#include "sweep/network/architecture.h"
#include "sweep/network/cost.h"
#include "sweep/network/graph.h"

namespace archsweep {
namespace {

// Names, shapes and counts read from the official Python code: for every published network the
// digest of its state dict, one line "NAME [SHAPE] param|buffer" an entry, and for three of them
// the entries themselves.
Json OfficialNames() {
  auto json = ReadJsonFile(ARCHSWEEP_SOURCE_DIR "/tests/data/network_names.json");
  EXPECT_TRUE(json) << json.error().message;
  return json ? *json : Json::object();
}

Graph BuildByName(std::string_view name, int classes = 10) {
  return BuildGraph(ArchitectureByName(name).value(), 32, classes);
}

TEST(StateEntries, AreTheOfficialOnesInOrder) {
  const Json all = OfficialNames();
  int networks = 0;
  for (const auto& [name, official] : all.items()) {
    if (!official.contains("entries")) continue;
    ++networks;
    const std::vector<StateEntry> entries = StateEntries(BuildByName(name));
    ASSERT_EQ(entries.size(), official["entries"].size()) << name;
    for (size_t i = 0; i < entries.size(); ++i) {
      const Json entry = {entries[i].name, entries[i].shape, entries[i].is_parameter};
      ASSERT_EQ(entry, official["entries"][i]) << name << " entry " << i;
    }
  }
  EXPECT_EQ(networks, 3);
}

TEST(StateEntries, OfEveryPublishedNetworkHaveTheOfficialDigest) {
  const Json official = OfficialNames();
  for (const auto& [name, digest] : official.items()) {
    std::string lines;
    for (const StateEntry& entry : StateEntries(BuildByName(name))) {
      lines += Format("{} {} {}\n", entry.name, Json(entry.shape).dump(),
                      entry.is_parameter ? "param" : "buffer");
    }
    EXPECT_EQ(Sha256Hex(lines), digest.at("entries_sha256")) << name;
  }
}

TEST(StateEntries, OfEveryPublishedNetworkHaveTheOfficialNumberOfParameters) {
  const Json official = OfficialNames();
  for (const auto& [name, counts] : official.items()) {
    EXPECT_EQ(CostOf(BuildByName(name)).parameters, counts.at("parameters")) << name;
    EXPECT_EQ(CostOf(BuildByName(name, 100)).parameters, counts.at("parameters_100_classes"))
        << name;
  }
}

TEST(StateEntries, NameTheirOwner) {
  const Graph graph = BuildByName("robustresnet-a1");
  for (const StateEntry& entry : StateEntries(graph)) {
    const Node& owner = graph.nodes.at(static_cast<size_t>(entry.owner));
    EXPECT_EQ(entry.name.substr(0, owner.name.size() + 1), owner.name + ".");
  }
}

TEST(StateEntries, DoNotDependOnTheSizeOfTheImage) {
  const ArchitectureSpec spec = ArchitectureByName("wrn-28-10").value();
  const auto names = [&](int image_size) {
    std::string text;
    for (const StateEntry& entry : StateEntries(BuildGraph(spec, image_size, 10))) {
      text += entry.name + Json(entry.shape).dump();
    }
    return text;
  };
  EXPECT_EQ(names(32), names(64));
}

}  // namespace
}  // namespace archsweep
