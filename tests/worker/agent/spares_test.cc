#include "worker/agent/spares.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/base/temporary_folder.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

class SparesTest : public testing::Test {
 protected:
  fs::path Folder(const std::string& name) const {
    const fs::path path = folder_.Path() / name;
    fs::create_directory(path);
    std::ofstream(path / "file") << name;
    return path;
  }

  TemporaryFolder folder_;
};

TEST_F(SparesTest, AreTakenOnce) {
  Spares spares;
  EXPECT_FALSE(spares.Take(folder_.Path() / "new"));
  const fs::path old = Folder("old");
  spares.Keep(old);
  EXPECT_TRUE(fs::exists(old));
  EXPECT_TRUE(spares.Take(folder_.Path() / "new"));
  EXPECT_FALSE(fs::exists(old));
  EXPECT_TRUE(fs::exists(folder_.Path() / "new" / "file"));
  EXPECT_FALSE(spares.Take(folder_.Path() / "newer"));
}

TEST_F(SparesTest, DoNotReplaceWhatIsThere) {
  Spares spares;
  spares.Keep(Folder("old"));
  const fs::path full = Folder("full");
  EXPECT_FALSE(spares.Take(full));
  EXPECT_TRUE(fs::exists(full / "file"));
  EXPECT_TRUE(spares.Take(folder_.Path() / "new"));
}

TEST_F(SparesTest, GoWithTheirOwnerAndAreNeverMany) {
  {
    Spares spares;
    for (size_t i = 0; i < kSparesMax + 3; ++i) spares.Keep(Folder(std::to_string(i)));
    EXPECT_FALSE(fs::exists(folder_.Path() / std::to_string(kSparesMax)));
    EXPECT_TRUE(fs::exists(folder_.Path() / std::to_string(kSparesMax - 1)));
  }
  EXPECT_TRUE(fs::is_empty(folder_.Path()));
}

}  // namespace
}  // namespace archsweep
