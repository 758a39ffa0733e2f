#include "cli/trial_name.h"

#include "base/text.h"

namespace archsweep {
namespace {

constexpr size_t kDigitsMin = 4;
constexpr size_t kDigitsMax = 32;

}  // namespace

Result<std::string> TrialNamed(const DataSource& source, const std::string& beginning) {
  const bool is_id = beginning.size() >= kDigitsMin && beginning.size() <= kDigitsMax &&
                     beginning.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!is_id) {
    return Fail(ErrorKind::kInvalidInput,
                Format("'{}' does not begin the id of a trial; give {} to {} of its digits, as "
                       "'archsweep results' shows them",
                       beginning, kDigitsMin, kDigitsMax));
  }
  TRY_ASSIGN(
      const auto rows,
      AllRows(source, {.sql = "SELECT trial FROM v_trial WHERE trial >= ?1 AND trial < ?1 || 'g' "
                              "ORDER BY trial LIMIT 2",
                       .parameters = {beginning}}));
  if (rows.size() == 1) return std::get<std::string>(rows[0][0]);
  return Fail(ErrorKind::kNotFound, Format("{} has {} trial whose id begins with {}", source.Name(),
                                           rows.empty() ? "no" : "more than one", beginning));
}

}  // namespace archsweep
