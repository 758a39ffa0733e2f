#include "storage/schema_text.h"

#include "base/check.h"

namespace archsweep {
namespace {

constexpr std::string_view kEach = "-- each {column}\n";
constexpr std::string_view kEnd = "-- end\n";
constexpr std::string_view kColumn = "{column}";

void AppendFor(std::string_view column, std::string_view block, std::string& sql) {
  while (true) {
    const size_t at = block.find(kColumn);
    sql += block.substr(0, at);
    if (at == std::string_view::npos) return;
    sql += column;
    block.remove_prefix(at + kColumn.size());
  }
}

}  // namespace

std::string ExpandSchema(std::string_view text, std::span<const std::string_view> columns) {
  std::string sql;
  while (true) {
    const size_t begin = text.find(kEach);
    sql += text.substr(0, begin);
    if (begin == std::string_view::npos) break;
    text.remove_prefix(begin + kEach.size());
    const size_t end = text.find(kEnd);
    CHECK(end != std::string_view::npos);
    for (const std::string_view column : columns) AppendFor(column, text.substr(0, end), sql);
    text.remove_prefix(end + kEnd.size());
  }
  return sql;
}

}  // namespace archsweep
