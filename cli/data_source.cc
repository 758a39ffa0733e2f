#include "cli/data_source.h"

#include <utility>

#include "base/clock.h"
#include "base/sha256.h"
#include "base/text.h"
#include "cli/control_client.h"
#include "cli/host.h"

namespace archsweep {
namespace {

std::string HexOf(std::string_view bytes) {
  return Hex(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
}

Cell CellOf(const SqlValue& value) {
  if (const auto* integer = std::get_if<int64_t>(&value)) return *integer;
  if (const auto* real = std::get_if<double>(&value)) return *real;
  if (const auto* text = std::get_if<std::string_view>(&value)) return std::string(*text);
  if (const auto* blob = std::get_if<Blob>(&value)) return HexOf(blob->bytes);
  return std::monostate();
}

Cell CellOf(const control::v1::Value& value) {
  switch (value.kind_case()) {
    case control::v1::Value::kInteger:
      return value.integer();
    case control::v1::Value::kReal:
      return value.real();
    case control::v1::Value::kText:
      return value.text();
    case control::v1::Value::kBlob:
      return HexOf(value.blob());
    case control::v1::Value::KIND_NOT_SET:
      break;
  }
  return std::monostate();
}

class LocalRows final : public RowStream {
 public:
  LocalRows(std::unique_ptr<SystemClock> clock, std::unique_ptr<Reader> reader, Rows rows)
      : clock_(std::move(clock)), reader_(std::move(reader)), rows_(std::move(rows)) {}

  const std::vector<std::string>& Columns() const override { return rows_.Columns(); }

  Result<bool> Next(std::vector<Cell>& row) override {
    TRY_ASSIGN(const bool found, rows_.Next());
    row.clear();
    if (!found) return false;
    for (size_t i = 0; i < Columns().size(); ++i) {
      row.push_back(CellOf(rows_.At(static_cast<int>(i))));
    }
    return true;
  }

 private:
  std::unique_ptr<SystemClock> clock_;
  std::unique_ptr<Reader> reader_;
  Rows rows_;
};

class RemoteRows final : public RowStream {
 public:
  RemoteRows(ControlClient client, control::v1::QueryResponse first, int64_t timeout_ms)
      : client_(std::move(client)),
        page_(std::move(first)),
        columns_(page_.columns().begin(), page_.columns().end()),
        timeout_ms_(timeout_ms) {}

  const std::vector<std::string>& Columns() const override { return columns_; }

  Result<bool> Next(std::vector<Cell>& row) override {
    row.clear();
    while (next_ == page_.rows_size()) {
      if (page_.cursor().empty()) return false;
      control::v1::QueryRequest request;
      request.set_cursor(page_.cursor());
      TRY_ASSIGN(page_, client_.Query(request, timeout_ms_));
      next_ = 0;
    }
    const control::v1::Row& wire = page_.rows(next_++);
    if (wire.values_size() != static_cast<int>(columns_.size())) {
      return Fail(ErrorKind::kCorrupt, "the coordinator sent a row of another width");
    }
    for (const control::v1::Value& value : wire.values()) row.push_back(CellOf(value));
    return true;
  }

 private:
  ControlClient client_;
  control::v1::QueryResponse page_;
  std::vector<std::string> columns_;
  int64_t timeout_ms_;
  int next_ = 0;
};

Result<std::unique_ptr<RowStream>> OpenLocal(const std::filesystem::path& state_folder,
                                             const SqlQuery& query) {
  auto clock = std::make_unique<SystemClock>();
  TRY_ASSIGN(Reader opened, Reader::Open(state_folder, *clock));
  auto reader = std::make_unique<Reader>(std::move(opened));
  TRY_ASSIGN(Rows rows, reader->Query(query.sql, query.parameters, query.timeout_ms));
  return std::make_unique<LocalRows>(std::move(clock), std::move(reader), std::move(rows));
}

Result<std::unique_ptr<RowStream>> OpenRemote(const Access& access, const SqlQuery& query) {
  TRY_ASSIGN(ControlClient client, ControlClient::To(access));
  control::v1::QueryRequest request;
  request.set_sql(query.sql);
  for (const std::string& parameter : query.parameters) request.add_parameters(parameter);
  request.set_timeout_ms(query.timeout_ms);
  TRY_ASSIGN(control::v1::QueryResponse first, client.Query(request, query.timeout_ms));
  return std::make_unique<RemoteRows>(std::move(client), std::move(first), query.timeout_ms);
}

Error NotThere(Error error) {
  if (error.kind == ErrorKind::kNotFound) error.kind = ErrorKind::kUnavailable;
  return error;
}

}  // namespace

std::string DataSource::Name() const {
  return coordinator ? Join(coordinator->addresses, ", ") : state_folder.string();
}

void AddSourceOptions(CLI::App& command, SourceFlags& flags) {
  flags.state = kDefaultStateFolder;
  CLI::Option* const state =
      command.add_option("--state", flags.state, "State folder of the runs, on this machine")
          ->capture_default_str();
  CLI::Option* const shared = command.add_option(
      "--shared", flags.shared, "Ask the coordinator whose access file is in this shared folder");
  command.add_option("--connect", flags.connect, "Ask the coordinator of this access file")
      ->excludes(shared)
      ->excludes(state);
  shared->excludes(state);
}

Result<Access> AccessOf(const SourceFlags& flags) {
  if (!flags.connect.empty()) return ReadAccess(flags.connect).map_error(NotThere);
  const std::string folder = flags.shared.empty() ? flags.state : flags.shared;
  auto user = ReadAccess(AccessFile(folder, Role::kUser));
  if (user) return user;
  auto reader = ReadAccess(AccessFile(folder, Role::kReadOnly));
  if (reader) return reader;
  return tl::unexpected(NotThere(std::move(user).error()));
}

Result<DataSource> SourceOf(const SourceFlags& flags) {
  DataSource source{.state_folder = flags.state};
  if (flags.shared.empty() && flags.connect.empty()) return source;
  TRY_ASSIGN(source.coordinator, AccessOf(flags));
  return source;
}

Result<std::unique_ptr<RowStream>> OpenRows(const DataSource& source, const SqlQuery& query) {
  return source.coordinator ? OpenRemote(*source.coordinator, query)
                            : OpenLocal(source.state_folder, query);
}

Result<std::vector<std::vector<Cell>>> AllRows(const DataSource& source, const SqlQuery& query) {
  TRY_ASSIGN(const auto rows, OpenRows(source, query));
  std::vector<std::vector<Cell>> all;
  std::vector<Cell> row;
  while (true) {
    TRY_ASSIGN(const bool found, rows->Next(row));
    if (!found) return all;
    all.push_back(row);
  }
}

}  // namespace archsweep
