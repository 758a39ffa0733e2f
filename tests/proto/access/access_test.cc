#include "proto/access/access.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/file.h"
#include "proto/access/channel.h"
#include "tests/base/temporary_folder.h"

namespace archsweep {
namespace {

Access Example() {
  return {.database = "0123456789abcdef0123456789abcdef",
          .epoch = 3,
          .role = Role::kUser,
          .addresses = {"10.0.0.1:50051", "10.1.0.1:50051"},
          .token = "a-secret-of-a-test",
          .authority = "-----BEGIN CERTIFICATE-----\n",
          .http = "https://10.0.0.1:8080"};
}

unsigned ModeOf(const std::filesystem::path& path) {
  struct stat found {};
  EXPECT_EQ(stat(path.c_str(), &found), 0) << path;
  return found.st_mode & 0777u;
}

TEST(AccessFiles, ComeBackAsTheyWereWritten) {
  const TemporaryFolder folder;
  const auto path = AccessFile(folder.Path() / "shared", Role::kUser);
  EXPECT_EQ(path, folder.Path() / "shared/access/user.json");
  ASSERT_TRUE(WriteAccess(path, Example()));
  EXPECT_EQ(ReadAccess(path).value(), Example());
}

TEST(AccessFiles, AreForTheirOwnerAlone) {
  const TemporaryFolder folder;
  const auto path = AccessFile(folder.Path(), Role::kReadOnly);
  ASSERT_TRUE(WriteAccess(path, Example()));
  EXPECT_EQ(ModeOf(path), 0600u);
  EXPECT_EQ(ModeOf(path.parent_path()), 0700u);
}

TEST(AccessFiles, ThatAreMissingOrDamagedAreExplained) {
  const TemporaryFolder folder;
  const auto path = folder.Path() / "user.json";
  EXPECT_EQ(ReadAccess(path).error().kind, ErrorKind::kNotFound);
  ASSERT_TRUE(WriteAccess(path, Example()));
  const std::string good = ReadFile(path, 1 << 20).value();
  for (const auto& [part, other] : std::vector<std::pair<std::string, std::string>>{
           {"\"version\": 1", "\"version\": 2"},
           {"\"role\": \"user\"", "\"role\": \"root\""},
           {"\"epoch\": 3", "\"epoch\": \"3\""},
           {"10.1.0.1:50051", "unix:/tmp/x"},
           {"\"token\": \"a-secret-of-a-test\"", "\"token\": a-secret-of-a-test"}}) {
    std::string text = good;
    ASSERT_NE(text.find(part), std::string::npos) << part;
    text.replace(text.find(part), part.size(), other);
    ASSERT_TRUE(WriteFileDurably(path, text));
    const auto access = ReadAccess(path);
    ASSERT_FALSE(access) << other;
    EXPECT_EQ(access.error().kind, ErrorKind::kInvalidInput) << other;
    EXPECT_EQ(access.error().message.find("secret"), std::string::npos) << access.error().message;
  }
}

TEST(Channels, AreNotPlainTextToAnotherMachine) {
  Access access = Example();
  EXPECT_TRUE(Connect(access));
  access.authority.clear();
  EXPECT_EQ(Connect(access).error().kind, ErrorKind::kDenied);
  access.addresses = {"127.0.0.1:50051"};
  EXPECT_TRUE(Connect(access));
}

}  // namespace
}  // namespace archsweep
