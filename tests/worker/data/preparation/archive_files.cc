#include "tests/worker/data/preparation/archive_files.h"

#include <archive.h>
#include <archive_entry.h>

#include "base/check.h"

namespace archsweep {

void WriteArchive(const std::filesystem::path& file, ArchiveKind kind,
                  const std::map<std::string, std::string>& files) {
  archive* const writer = archive_write_new();
  if (kind == ArchiveKind::kZip) {
    archive_write_set_format_zip(writer);
  } else {
    archive_write_add_filter_gzip(writer);
    archive_write_set_format_pax_restricted(writer);
  }
  CHECK(archive_write_open_filename(writer, file.c_str()) == ARCHIVE_OK);
  for (const auto& [name, content] : files) {
    archive_entry* const entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_perm(entry, 0644);
    if (content.empty()) {
      archive_entry_set_filetype(entry, AE_IFLNK);
      archive_entry_set_symlink(entry, "/etc");
    } else {
      archive_entry_set_filetype(entry, AE_IFREG);
      archive_entry_set_size(entry, static_cast<la_int64_t>(content.size()));
    }
    CHECK(archive_write_header(writer, entry) == ARCHIVE_OK);
    archive_write_data(writer, content.data(), content.size());
    archive_entry_free(entry);
  }
  archive_write_close(writer);
  archive_write_free(writer);
}

}  // namespace archsweep
