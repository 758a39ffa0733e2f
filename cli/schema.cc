#include <iostream>

#include "cli/commands.h"
#include "sweep/language/schema.h"

namespace archsweep {
namespace {

constexpr const char* kExamples = R"(Example, for an editor that knows the YAML language server:
  archsweep schema > sweep.schema.json
and as the first line of a sweep file:
  # yaml-language-server: $schema=sweep.schema.json)";

Status PrintSchema() {
  std::cout << SweepSchema().dump(2) << '\n';
  if (!std::cout.flush()) return Fail(ErrorKind::kIo, "the output could not be written");
  return {};
}

}  // namespace

void AddSchemaCommand(CLI::App& app, ExitCode& exit_code) {
  CLI::App* const schema =
      app.add_subcommand("schema", "Print the JSON Schema of sweep files, for editors");
  schema->footer(kExamples);
  schema->callback([&exit_code] { exit_code = ReportEnd(PrintSchema()); });
}

}  // namespace archsweep
