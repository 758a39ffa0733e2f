#include "cli/table.h"

#include <CLI/Validators.hpp>
#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "base/check.h"
#include "base/json.h"
#include "base/text.h"

namespace archsweep {
namespace {

const std::map<std::string, RowFormat>& FormatNames() {
  static const std::map<std::string, RowFormat> kNames = {{"table", RowFormat::kTable},
                                                          {"json", RowFormat::kJson},
                                                          {"jsonl", RowFormat::kJsonLines},
                                                          {"csv", RowFormat::kCsv}};
  return kNames;
}

// Text as JSON; bytes that are not UTF-8 become the replacement character.
std::string Quoted(const std::string& text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string JsonText(const Cell& cell) {
  if (const auto* truth = std::get_if<bool>(&cell)) return *truth ? "true" : "false";
  if (const auto* integer = std::get_if<int64_t>(&cell)) return Format("{}", *integer);
  // The serializer knows the shortest exact text, and writes null for what is not finite.
  if (const auto* number = std::get_if<double>(&cell)) return Json(*number).dump();
  if (const auto* text = std::get_if<std::string>(&cell)) return Quoted(*text);
  return "null";
}

std::string CsvText(const Cell& cell) {
  if (std::holds_alternative<std::monostate>(cell)) return "";
  const auto* const text = std::get_if<std::string>(&cell);
  if (text == nullptr) return JsonText(cell);
  if (!text->empty() && text->find_first_of(",\"\r\n") == std::string::npos) return *text;
  std::string quoted = "\"";
  for (const char c : *text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + '"';
}

// What a cell holds must not steer the terminal or break the row.
std::string Printable(const std::string& text) {
  std::string printable;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    printable += byte < 0x20 || byte == 0x7F ? Format("\\x{:02x}", byte) : std::string(1, c);
  }
  return printable;
}

std::string ShownText(const Cell& cell, Column::Style style) {
  constexpr size_t kShownIdDigits = 8;
  if (std::holds_alternative<std::monostate>(cell)) return "-";
  if (const auto* text = std::get_if<std::string>(&cell)) {
    return Printable(style == Column::Style::kId ? text->substr(0, kShownIdDigits) : *text);
  }
  if (const auto* number = std::get_if<double>(&cell)) {
    if (style == Column::Style::kSeconds) return HumanDuration(*number);
    return style == Column::Style::kCount ? HumanCount(*number) : Format("{:.6g}", *number);
  }
  if (const auto* integer = std::get_if<int64_t>(&cell);
      integer && style == Column::Style::kCount) {
    return HumanCount(static_cast<double>(*integer));
  }
  return JsonText(cell);
}

// In characters: continuation bytes of UTF-8 take no column.
size_t WidthOf(const std::string& text) {
  return static_cast<size_t>(
      std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

// Columns of width 0 are left out.
std::string Aligned(const std::vector<std::string>& texts, const std::vector<size_t>& widths,
                    const std::vector<bool>& right) {
  std::string line;
  for (size_t i = 0; i < texts.size(); ++i) {
    if (widths[i] == 0) continue;
    const std::string padding(widths[i] - WidthOf(texts[i]), ' ');
    if (!line.empty()) line += "  ";
    line += right[i] ? padding + texts[i] : texts[i] + padding;
  }
  return line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
}

}  // namespace

void AddFormatOption(CLI::App& command, RowFormat& format, const std::vector<std::string>& names) {
  std::map<std::string, RowFormat> known;
  for (const std::string& name : names) known.emplace(name, FormatNames().at(name));
  command
      .add_option_function<std::string>(
          "--format", [&format](const std::string& name) { format = FormatNames().at(name); },
          "How to print: " + Join(names, ", "))
      ->check(CLI::IsMember(names))
      ->type_name("FORMAT")
      ->default_str(names.front());
}

RowPrinter::RowPrinter(std::vector<Column> columns, RowFormat format, std::ostream& out)
    : columns_(std::move(columns)), format_(format), out_(out), right_(columns_.size(), true) {
  for (const Column& column : columns_) hidden_.push_back(column.can_hide);
  if (format_ == RowFormat::kJson) out_ << '[';
  if (format_ != RowFormat::kCsv) return;
  for (size_t i = 0; i < columns_.size(); ++i) {
    out_ << (i == 0 ? "" : ",") << CsvText(columns_[i].name);
  }
  out_ << '\n';
}

void RowPrinter::Add(const std::vector<Cell>& row) {
  CHECK(row.size() == columns_.size());
  const bool first = rows_++ == 0;
  if (format_ == RowFormat::kTable) {
    std::vector<std::string> shown;
    for (size_t i = 0; i < row.size(); ++i) {
      shown.push_back(ShownText(row[i], columns_[i].style));
      if (std::holds_alternative<std::string>(row[i])) right_[i] = false;
      if (!std::holds_alternative<std::monostate>(row[i])) hidden_[i] = false;
    }
    kept_.push_back(std::move(shown));
    return;
  }
  if (format_ == RowFormat::kJson) out_ << (first ? "\n" : ",\n");
  const bool csv = format_ == RowFormat::kCsv;
  if (!csv) out_ << '{';
  for (size_t i = 0; i < row.size(); ++i) {
    if (i > 0) out_ << ',';
    if (csv) {
      out_ << CsvText(row[i]);
    } else {
      out_ << Quoted(columns_[i].name) << ':' << JsonText(row[i]);
    }
  }
  if (!csv) out_ << '}';
  if (format_ != RowFormat::kJson) out_ << '\n';
}

Status RowPrinter::Finish() {
  if (format_ == RowFormat::kJson) out_ << (rows_ == 0 ? "]\n" : "\n]\n");
  if (format_ == RowFormat::kTable) PrintTable();
  out_.flush();
  if (!out_) return Fail(ErrorKind::kIo, "the output could not be written; is the disk full?");
  return {};
}

void RowPrinter::PrintTable() {
  std::vector<std::string> header;
  for (const Column& column : columns_) header.push_back(column.name);
  std::vector<size_t> widths;
  for (size_t i = 0; i < header.size(); ++i) {
    size_t width = hidden_[i] ? 0 : WidthOf(header[i]);
    for (const auto& row : kept_) {
      if (!hidden_[i]) width = std::max(width, WidthOf(row[i]));
    }
    widths.push_back(width);
  }
  out_ << Aligned(header, widths, right_);
  for (const auto& row : kept_) out_ << Aligned(row, widths, right_);
}

}  // namespace archsweep
