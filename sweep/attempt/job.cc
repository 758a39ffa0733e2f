#include "sweep/attempt/job.h"

#include "base/text.h"
#include "sweep/trial/sweep.h"

namespace archsweep {
namespace {

Json ToJson(const CheckpointRef& ref) {
  return {{"folder", ref.folder.string()}, {"model_sha256", ref.model_sha256}};
}

Result<std::optional<CheckpointRef>> ParseCheckpoint(const Json& json, const char* key) {
  if (!json.contains(key)) return std::nullopt;
  const Json& value = json.at(key);
  return CheckpointRef{value.at("folder").get<std::string>(),
                       value.at("model_sha256").get<std::string>()};
}

// Reads the plain fields. nlohmann's exceptions name key and types; they end in ParseJob.
void ReadPlainFields(const Json& json, Job& job) {
  const auto path = [&](const char* key) {
    return std::filesystem::path(json.value(key, std::string()));
  };
  job.token.value = json.at("token").get<int64_t>();
  job.data_root = json.at("data_root").get<std::string>();
  job.attempt_folder = json.at("attempt_folder").get<std::string>();
  job.checkpoint_folder = path("checkpoint_folder");
  job.ranks = json.value("ranks", job.ranks);
  job.device = json.value("device", job.device);
  job.threads = json.value("threads", job.threads);
  job.cpus = json.value("cpus", job.cpus);
  job.checkpoint_interval_ms = json.value("checkpoint_interval_ms", job.checkpoint_interval_ms);
  job.checkpoints_kept = json.value("checkpoints_kept", job.checkpoints_kept);
  job.progress_pipe = path("progress_pipe");
  job.control_pipe = path("control_pipe");
  job.lifeline_pipe = path("lifeline_pipe");
}

std::vector<Error> Problems(const Job& job) {
  std::vector<Error> problems;
  const auto require = [&](bool holds, std::string message) {
    if (!holds) problems.push_back({ErrorKind::kInvalidInput, std::move(message)});
  };
  require(job.weights.has_value() == job.evaluation.has_value(),
          "'weights' must be given exactly where 'evaluation' is");
  require(job.evaluation || !job.checkpoint_folder.empty(),
          "'checkpoint_folder' is missing; training needs it");
  if (job.ranks < 1 || job.ranks > kRanksMax) {
    require(false, Format("ranks is {}; it must be from 1 to {}", job.ranks, kRanksMax));
  } else {
    require(job.cpus.size() % static_cast<size_t>(job.ranks) == 0,
            Format("cpus has {} entries, which {} ranks cannot share evenly", job.cpus.size(),
                   job.ranks));
    const auto problem = RanksProblem(job.trial.training, job.ranks);
    require(job.evaluation || !problem, problem.value_or(""));
  }
  require(job.evaluation || !job.trial.IsImported(), "an imported trial is not trained");
  require(job.device == "cpu" || job.device == "cuda",
          Format("device is '{}'; write cpu or cuda", job.device));
  require(job.threads >= 1, Format("threads is {}; it must be at least 1", job.threads));
  require(
      job.checkpoint_interval_ms >= 0,
      Format("checkpoint_interval_ms is {}; it must not be negative", job.checkpoint_interval_ms));
  require(job.checkpoints_kept >= 1,
          Format("checkpoints_kept is {}; it must be at least 1", job.checkpoints_kept));
  return problems;
}

}  // namespace

Json ToJson(const Job& job) {
  Json json = {{"version", kJobVersion},
               {"token", job.token.value},
               {"trial", ToJson(job.trial)},
               {"data_root", job.data_root.string()},
               {"attempt_folder", job.attempt_folder.string()},
               {"checkpoint_folder", job.checkpoint_folder.string()},
               {"ranks", job.ranks},
               {"device", job.device},
               {"threads", job.threads},
               {"cpus", job.cpus},
               {"checkpoint_interval_ms", job.checkpoint_interval_ms},
               {"checkpoints_kept", job.checkpoints_kept},
               {"progress_pipe", job.progress_pipe.string()},
               {"control_pipe", job.control_pipe.string()},
               {"lifeline_pipe", job.lifeline_pipe.string()}};
  if (job.evaluation) json["evaluation"] = ToJson(*job.evaluation);
  if (job.weights) json["weights"] = ToJson(*job.weights);
  if (job.resume) json["resume"] = ToJson(*job.resume);
  return json;
}

Result<Job> ParseJob(const Json& json) {
  Job job;
  try {
    if (json.at("version") != kJobVersion) {
      return Fail(ErrorKind::kInvalidInput, Format("version is {}; this trainer reads version {}",
                                                   json.at("version").dump(), kJobVersion));
    }
    ReadPlainFields(json, job);
    TRY_ASSIGN(job.trial, ParseTrial(json.at("trial")));
    if (json.contains("evaluation")) {
      TRY_ASSIGN(job.evaluation, ParseEvaluation(json.at("evaluation")));
    }
    TRY_ASSIGN(job.weights, ParseCheckpoint(json, "weights"));
    TRY_ASSIGN(job.resume, ParseCheckpoint(json, "resume"));
  } catch (const Json::exception& error) {
    return Fail(ErrorKind::kInvalidInput, error.what());
  }
  const std::vector<Error> problems = Problems(job);
  if (!problems.empty()) return tl::unexpected(Joined(problems));
  return job;
}

}  // namespace archsweep
