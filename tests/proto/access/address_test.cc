#include "proto/access/address.h"

#include <gtest/gtest.h>

namespace archsweep {
namespace {

TEST(Addresses, AreReadAndWrittenAlike) {
  for (const char* text : {"127.0.0.1:0", "node-7.cluster:50051", "[::1]:80", "[fe80::2]:65535"}) {
    const auto address = ParseAddress(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(ToText(*address), text);
  }
  EXPECT_EQ(ParseAddress("[::1]:80").value(), (Address{"::1", 80}));
}

TEST(Addresses, ThatAreNoneAreRefused) {
  for (const char* text :
       {"", "host", ":80", "host:", "host:x", "host:-1", "host:65536", "::1:80", "[host]:80",
        "[]:1", "ho st:80", "dns:///host:80", "a,b:80", "http://host:80"}) {
    const auto address = ParseAddress(text);
    ASSERT_FALSE(address) << text;
    EXPECT_EQ(address.error().kind, ErrorKind::kInvalidInput);
  }
}

TEST(Addresses, OfThisMachineAloneAreKnown) {
  for (const char* host : {"localhost", "::1", "127.0.0.1", "127.8.9.250"}) {
    EXPECT_TRUE(IsLoopback({host, 1})) << host;
  }
  for (const char* host : {"0.0.0.0", "::", "10.0.0.1", "127.example.org", "127.0.0.1.example.org",
                           "127.0.0", "localhost.example.org", "node"}) {
    EXPECT_FALSE(IsLoopback({host, 1})) << host;
  }
  EXPECT_TRUE(IsEveryInterface({"0.0.0.0", 1}));
  EXPECT_FALSE(IsEveryInterface({"10.0.0.1", 1}));
}

}  // namespace
}  // namespace archsweep
