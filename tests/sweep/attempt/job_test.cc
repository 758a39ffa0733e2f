#include "sweep/attempt/job.h"

#include <gtest/gtest.h>

#include "sweep/trial/sweep.h"

namespace archsweep {
namespace {

Job Training() {
  return {.token = {5},
          .trial = {.dataset = {"cifar10", "d"},
                    .architecture = {.depth = {1, 1, 1}, .width = {1, 1, 1}}},
          .resume = CheckpointRef{"c/4/step-10", ""},
          .data_root = "data",
          .attempt_folder = "a",
          .checkpoint_folder = "c/5",
          .cpus = {1}};
}

TEST(Job, ReadsBackWhatItWrites) {
  const Job job = Training();
  const Job read = ParseJob(ToJson(job)).value();
  EXPECT_EQ(ToJson(read), ToJson(job));
  EXPECT_EQ(read.resume, job.resume);
  EXPECT_FALSE(read.evaluation);
}

TEST(Job, NamesAllItsMistakesAtOnce) {
  Json json = ToJson(Training());
  json["device"] = "tpu";
  json["threads"] = 0;
  json["weights"] = json["resume"];
  const auto job = ParseJob(json);
  ASSERT_FALSE(job);
  for (const char* part : {"'tpu'", "threads is 0", "'weights'"}) {
    EXPECT_NE(job.error().message.find(part), std::string::npos) << job.error().message;
  }
}

TEST(Job, OfSeveralRanksMustBeDivisible) {
  Json json = ToJson(Training());
  json["ranks"] = 2;
  EXPECT_FALSE(ParseJob(json)) << "one CPU";
  json["cpus"] = {3, 4};
  EXPECT_EQ(ParseJob(json).value().ranks, 2);
  json["ranks"] = 4;
  json["cpus"] = Json::array();
  const auto job = ParseJob(json);
  ASSERT_FALSE(job) << "two batch-norm groups";
  EXPECT_NE(job.error().message.find("4 ranks cannot share"), std::string::npos);
  json["ranks"] = kRanksMax + 1;
  EXPECT_FALSE(ParseJob(json));
  json.erase("ranks");
  EXPECT_EQ(ParseJob(json).value().ranks, 1);
}

TEST(Job, OfAnotherVersionIsRefused) {
  Json json = ToJson(Training());
  json["version"] = 2;
  EXPECT_FALSE(ParseJob(json));
  json.erase("version");
  EXPECT_FALSE(ParseJob(json));
}

}  // namespace
}  // namespace archsweep
