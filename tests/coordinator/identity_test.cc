#include "coordinator/identity.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <set>

#include "base/file.h"
#include "tests/base/temporary_folder.h"

namespace archsweep {
namespace {

const std::vector<std::string> kNames = {"archsweep-coordinator", "127.0.0.1"};

TEST(Identities, StayFromStartToStart) {
  const TemporaryFolder folder;
  const Identity first = OpenIdentity(folder.Path(), "d", kNames).value();
  const Identity second = OpenIdentity(folder.Path(), "d", kNames).value();
  EXPECT_EQ(first.tokens, second.tokens);
  EXPECT_EQ(first.authority.certificate, second.authority.certificate);
  EXPECT_EQ(first.server.certificate, second.server.certificate);
  std::set<std::string> tokens;
  for (const auto& [role, token] : first.tokens) tokens.insert(token);
  EXPECT_EQ(tokens.size(), std::size(kRoles)) << "each role has a token of its own";
}

TEST(Identities, GetACertificateForNewNames) {
  const TemporaryFolder folder;
  const Identity first = OpenIdentity(folder.Path(), "d", kNames).value();
  const std::vector<std::string> moved = {"archsweep-coordinator", "10.9.8.7"};
  const Identity second = OpenIdentity(folder.Path(), "d", moved).value();
  EXPECT_NE(first.server.certificate, second.server.certificate);
  EXPECT_EQ(first.authority.certificate, second.authority.certificate);
  EXPECT_TRUE(IsServerCertificate(second.server, second.authority, moved));
}

TEST(Identities, AreForTheirOwnerAlone) {
  const TemporaryFolder folder;
  ASSERT_TRUE(OpenIdentity(folder.Path(), "d", kNames));
  struct stat found {};
  ASSERT_EQ(stat((folder.Path() / "identity").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777u, 0700u);
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.Path() / "identity")) {
    ASSERT_EQ(stat(entry.path().c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777u, 0600u) << entry.path();
    ++files;
  }
  EXPECT_EQ(files, 5);
}

TEST(Identities, WithADamagedTokenAreRefused) {
  const TemporaryFolder folder;
  ASSERT_TRUE(OpenIdentity(folder.Path(), "d", kNames));
  ASSERT_TRUE(WriteFileDurably(folder.Path() / "identity/user.token", ""));
  EXPECT_EQ(OpenIdentity(folder.Path(), "d", kNames).error().kind, ErrorKind::kCorrupt);
}

}  // namespace
}  // namespace archsweep
