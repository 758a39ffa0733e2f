#include "worker/agent/artifact.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "base/sha256.h"
#include "tests/base/temporary_folder.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

class Artifacts : public testing::Test {
 protected:
  Artifacts() {
    fs::create_directories(attempt_);
    CHECK(WriteFileDurably(attempt_ / "margins", "content"));
  }

  tl::expected<ArtifactRef, Failure> Publish(const ArtifactRef& artifact, int64_t token = 5) const {
    return PublishArtifact(shared_, kEvaluation, Token{token}, attempt_, artifact);
  }

  const EvaluationId kEvaluation = IdOfText<EvaluationId>("e");
  TemporaryFolder folder_;
  const fs::path shared_ = folder_.Path() / "shared";
  const fs::path attempt_ = folder_.Path() / "attempt";
};

TEST_F(Artifacts, AreCopiedBelowTheSharedFolder) {
  const auto published = Publish({"margins", Sha256Hex("content")});
  ASSERT_TRUE(published) << published.error().message;
  EXPECT_EQ(published->file, "artifacts/" + ToHex(kEvaluation) + "/5/margins");
  EXPECT_EQ(published->sha256, Sha256Hex("content"));
  EXPECT_EQ(ReadFile(shared_ / published->file, 100).value(), "content");
}

TEST_F(Artifacts, MustBeWhatTheirLineSays) {
  EXPECT_EQ(Publish({"margins", Sha256Hex("other")}).error().kind, FailureClass::kTask);
  EXPECT_EQ(Publish({"missing", Sha256Hex("content")}).error().kind, FailureClass::kTask);
  for (const char* name : {"", "../attempt/margins", "/etc/passwd", "a/b", "..", "."}) {
    EXPECT_EQ(Publish({name, Sha256Hex("content")}).error().kind, FailureClass::kTask) << name;
  }
}

TEST_F(Artifacts, ThatCannotBeWrittenAreAFailureOfStorage) {
  fs::create_directories(shared_);
  ASSERT_TRUE(WriteFileDurably(shared_ / "artifacts", "no folder"));
  EXPECT_EQ(Publish({"margins", Sha256Hex("content")}).error().kind, FailureClass::kStorage);
}

TEST_F(Artifacts, OfEarlierAttemptsGo) {
  const ArtifactRef artifact = {"margins", Sha256Hex("content")};
  for (const int64_t token : {2, 5, 7}) ASSERT_TRUE(Publish(artifact, token));
  PruneArtifacts(shared_, kEvaluation, Token{5});
  const fs::path folder = shared_ / "artifacts" / ToHex(kEvaluation);
  EXPECT_FALSE(fs::exists(folder / "2"));
  EXPECT_TRUE(fs::exists(folder / "5" / "margins"));
  EXPECT_TRUE(fs::exists(folder / "7" / "margins"));
}

}  // namespace
}  // namespace archsweep
