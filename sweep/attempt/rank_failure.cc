#include "sweep/attempt/rank_failure.h"

#include <fstream>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

fs::path FileOf(const fs::path& attempt_folder, int rank) {
  return attempt_folder / Format("rank-{}.failure.json", rank);
}

std::optional<RankFailure> Read(const fs::path& path, int rank) {
  const auto json = ReadJsonFile(path);
  if (!json) return std::nullopt;
  try {
    const auto kind = ParseFailureClass(json->at("class").get<std::string>());
    if (!kind) return std::nullopt;
    return RankFailure{
        rank, json->at("time_ms").get<int64_t>(), {*kind, json->at("message").get<std::string>()}};
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

}  // namespace

Status WriteRankFailure(const fs::path& attempt_folder, const RankFailure& failure) {
  const fs::path path = FileOf(attempt_folder, failure.rank);
  const Json json = {{"class", NameOf(failure.failure.kind)},
                     {"message", failure.failure.message.substr(0, kFailureMessageBytesMax)},
                     {"time_ms", failure.time_ms}};
  std::ofstream file(path);
  // What a library says may be no UTF-8.
  file << json.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n' << std::flush;
  if (!file) return Fail(ErrorKind::kIo, Format("{}: cannot be written", path.string()));
  return {};
}

std::optional<RankFailure> FirstRankFailure(const fs::path& attempt_folder, int ranks) {
  std::optional<RankFailure> first;
  for (int rank = 0; rank < ranks; ++rank) {
    auto found = Read(FileOf(attempt_folder, rank), rank);
    if (found && (!first || found->time_ms < first->time_ms)) first = std::move(found);
  }
  return first;
}

}  // namespace archsweep
