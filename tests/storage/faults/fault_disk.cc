#include "tests/storage/faults/fault_disk.h"

#include <algorithm>
#include <fstream>
#include <new>
#include <utility>

#include "base/check.h"

namespace archsweep {
namespace {

constexpr size_t kSectorBytes = 512;
constexpr const char* kName = "faults";

}  // namespace

std::string_view NameOf(DiskCall call) {
  switch (call) {
    case DiskCall::kWrite:
      return "write";
    case DiskCall::kSync:
      return "sync";
    case DiskCall::kTruncate:
      return "truncate";
    case DiskCall::kLock:
      return "lock";
  }
  return "";
}

// SQLite's open file: the real one lies behind it in the same memory.
struct FaultDisk::File {
  sqlite3_file base;
  FaultDisk* disk;
  Content* content;   // Null: a temporary file, of which nothing is expected.
  bool syncs_folder;  // With its next sync, as SQLite does for new journals and logs.

  static File* Of(sqlite3_file* file) { return reinterpret_cast<File*>(file); }
  static sqlite3_file* Real(sqlite3_file* file) {
    return reinterpret_cast<sqlite3_file*>(Of(file) + 1);
  }

  static int Write(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 offset) {
    File* const self = Of(file);
    if (self->content == nullptr) {
      return Real(file)->pMethods->xWrite(Real(file), bytes, count, offset);
    }
    if (self->disk->LosesPower()) return SQLITE_IOERR_WRITE;
    const int failure = self->disk->Count(DiskCall::kWrite);
    int done = count;
    if (failure != SQLITE_OK) {
      done = static_cast<int>(self->disk->torn_() % static_cast<uint64_t>(count));
    }
    if (done > 0) {
      const int code = Real(file)->pMethods->xWrite(Real(file), bytes, done, offset);
      if (code != SQLITE_OK) return code;
      self->content->since.push_back(
          {static_cast<size_t>(offset),
           std::string(static_cast<const char*>(bytes), static_cast<size_t>(done))});
    }
    return failure;
  }

  static int Truncate(sqlite3_file* file, sqlite3_int64 size) {
    File* const self = Of(file);
    if (self->content == nullptr) return Real(file)->pMethods->xTruncate(Real(file), size);
    if (self->disk->LosesPower()) return SQLITE_IOERR_TRUNCATE;
    const int failure = self->disk->Count(DiskCall::kTruncate);
    if (failure != SQLITE_OK) return failure;
    self->content->since.push_back({static_cast<size_t>(size), ""});
    return Real(file)->pMethods->xTruncate(Real(file), size);
  }

  // The real sync is left out: what it would do is kept in `content`.
  static int Sync(sqlite3_file* file, int) {
    File* const self = Of(file);
    if (self->content == nullptr) return SQLITE_OK;
    if (self->disk->LosesPower()) return SQLITE_IOERR_FSYNC;
    const int failure = self->disk->Count(DiskCall::kSync);
    if (failure != SQLITE_OK) return failure;
    FaultDisk::Sync(*self->content);
    if (std::exchange(self->syncs_folder, false)) self->disk->SyncNames();
    return SQLITE_OK;
  }

  static int Lock(sqlite3_file* file, int level) {
    const int failure = Of(file)->disk->Count(DiskCall::kLock);
    return failure != SQLITE_OK ? failure : Real(file)->pMethods->xLock(Real(file), level);
  }

  static int SharedLock(sqlite3_file* file, int offset, int count, int flags) {
    const int failure =
        (flags & SQLITE_SHM_LOCK) != 0 ? Of(file)->disk->Count(DiskCall::kLock) : SQLITE_OK;
    return failure != SQLITE_OK ? failure
                                : Real(file)->pMethods->xShmLock(Real(file), offset, count, flags);
  }

  static const sqlite3_io_methods* Methods();
};

// What does not fail here goes to the real file as it is.
const sqlite3_io_methods* FaultDisk::File::Methods() {
  static const sqlite3_io_methods kMethods = [] {
    sqlite3_io_methods methods = {};
    methods.iVersion = 2;
    methods.xClose = [](sqlite3_file* f) { return Real(f)->pMethods->xClose(Real(f)); };
    methods.xRead = [](sqlite3_file* f, void* bytes, int count, sqlite3_int64 offset) {
      return Real(f)->pMethods->xRead(Real(f), bytes, count, offset);
    };
    methods.xWrite = Write;
    methods.xTruncate = Truncate;
    methods.xSync = Sync;
    methods.xFileSize = [](sqlite3_file* f, sqlite3_int64* size) {
      return Real(f)->pMethods->xFileSize(Real(f), size);
    };
    methods.xLock = Lock;
    methods.xUnlock = [](sqlite3_file* f, int level) {
      return Real(f)->pMethods->xUnlock(Real(f), level);
    };
    methods.xCheckReservedLock = [](sqlite3_file* f, int* held) {
      return Real(f)->pMethods->xCheckReservedLock(Real(f), held);
    };
    methods.xFileControl = [](sqlite3_file* f, int operation, void* argument) {
      return Real(f)->pMethods->xFileControl(Real(f), operation, argument);
    };
    methods.xSectorSize = [](sqlite3_file* f) { return Real(f)->pMethods->xSectorSize(Real(f)); };
    methods.xDeviceCharacteristics = [](sqlite3_file* f) {
      return Real(f)->pMethods->xDeviceCharacteristics(Real(f));
    };
    methods.xShmMap = [](sqlite3_file* f, int page, int size, int extend, void volatile** memory) {
      return Real(f)->pMethods->xShmMap(Real(f), page, size, extend, memory);
    };
    methods.xShmLock = SharedLock;
    methods.xShmBarrier = [](sqlite3_file* f) { Real(f)->pMethods->xShmBarrier(Real(f)); };
    methods.xShmUnmap = [](sqlite3_file* f, int remove) {
      return Real(f)->pMethods->xShmUnmap(Real(f), remove);
    };
    return methods;
  }();
  return &kMethods;
}

struct FaultDisk::Vfs {
  static FaultDisk& Of(sqlite3_vfs* vfs) { return *static_cast<FaultDisk*>(vfs->pAppData); }

  static int Open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* given) {
    FaultDisk& disk = Of(vfs);
    File* const opened = new (file) File{{nullptr}, &disk, nullptr, false};
    constexpr int kKept = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL;
    if (name != nullptr && (flags & kKept) != 0) {
      const bool is_new = !disk.contents_.contains(name);
      opened->content = &disk.ContentOf(name);
      if (is_new && std::filesystem::exists(name)) Remember(name, *opened->content);
      opened->syncs_folder =
          (flags & SQLITE_OPEN_CREATE) != 0 && (flags & SQLITE_OPEN_MAIN_DB) == 0;
    }
    const int code = disk.real_->xOpen(disk.real_, name, File::Real(file), flags, given);
    if (code == SQLITE_OK && opened->content != nullptr) opened->content->exists = true;
    opened->base.pMethods = File::Real(file)->pMethods != nullptr ? File::Methods() : nullptr;
    return code;
  }

  // What lies on the disk before it can fail is safe.
  static void Remember(const char* name, Content& content) {
    std::ifstream file(name, std::ios::binary);
    content.bytes.assign(std::istreambuf_iterator<char>(file), {});
    content.is_named = true;
  }

  static int Delete(sqlite3_vfs* vfs, const char* name, int sync) {
    FaultDisk& disk = Of(vfs);
    if (disk.LosesPower()) return SQLITE_IOERR_DELETE;
    const int code = disk.real_->xDelete(disk.real_, name, sync);
    if (code != SQLITE_OK) return code;
    Content& content = disk.ContentOf(name);
    content.since.push_back({0, ""});  // For a file that takes its place.
    content.exists = false;
    if (sync != 0) disk.SyncNames();
    return code;
  }
};

FaultDisk::FaultDisk() : real_(sqlite3_vfs_find(nullptr)), vfs_(*real_) {
  vfs_.zName = kName;
  vfs_.pAppData = this;
  vfs_.pNext = nullptr;
  vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
  vfs_.xOpen = Vfs::Open;
  vfs_.xDelete = Vfs::Delete;
  vfs_.xSleep = [](sqlite3_vfs*, int microseconds) { return microseconds; };
  vfs_.xAccess = [](sqlite3_vfs* vfs, const char* name, int flags, int* answer) {
    sqlite3_vfs* const real = Vfs::Of(vfs).real_;
    return real->xAccess(real, name, flags, answer);
  };
  vfs_.xFullPathname = [](sqlite3_vfs* vfs, const char* name, int size, char* path) {
    sqlite3_vfs* const real = Vfs::Of(vfs).real_;
    return real->xFullPathname(real, name, size, path);
  };
  CHECK(sqlite3_vfs_register(&vfs_, 1) == SQLITE_OK);
}

FaultDisk::~FaultDisk() {
  CHECK(sqlite3_vfs_unregister(&vfs_) == SQLITE_OK);
  CHECK(sqlite3_vfs_register(real_, 1) == SQLITE_OK);
}

void FaultDisk::FailAt(const Fault& fault) {
  const std::lock_guard lock(mutex_);
  fault_ = fault;
}

void FaultDisk::Mend() {
  const std::lock_guard lock(mutex_);
  fault_ = {};
  power_loss_at_ = 0;
  is_dark_ = false;
}

int FaultDisk::Count(DiskCall call) {
  const int number = ++calls_[static_cast<size_t>(call)];
  const std::lock_guard lock(mutex_);
  if (fault_.number == 0 || call != fault_.call) return SQLITE_OK;
  if (number < fault_.number || (number > fault_.number && !fault_.for_good)) return SQLITE_OK;
  has_failed_ = true;
  return fault_.code;
}

bool FaultDisk::LosesPower() {
  const std::lock_guard lock(mutex_);
  if (++changes_ == power_loss_at_) is_dark_ = has_failed_ = true;
  return is_dark_;
}

void FaultDisk::Sync(Content& content) {
  for (const Unsynced& change : content.since) {
    if (change.bytes.empty()) {
      content.bytes.resize(change.offset);
      continue;
    }
    content.bytes.resize(std::max(content.bytes.size(), change.offset + change.bytes.size()));
    content.bytes.replace(change.offset, change.bytes.size(), change.bytes);
  }
  content.since.clear();
  content.is_named = true;
}

void FaultDisk::SyncNames() {
  for (auto& [name, content] : contents_) {
    if (!content.exists) content = {};
    content.is_named = content.exists;
  }
}

std::string FaultDisk::Survivor(const Content& content, std::mt19937_64& random) {
  std::vector<size_t> sizes = {content.bytes.size()};  // After so many changes.
  size_t largest = sizes[0];
  for (const Unsynced& change : content.since) {
    sizes.push_back(change.bytes.empty()
                        ? change.offset
                        : std::max(sizes.back(), change.offset + change.bytes.size()));
    largest = std::max(largest, sizes.back());
  }
  // How many of the changes each sector has seen: none, all, or any number, by the draw.
  const uint64_t draw = random() % 4;
  const auto moment = [&]() -> size_t {
    if (draw == 0) return 0;
    return draw == 1 ? content.since.size() : random() % (content.since.size() + 1);
  };
  std::vector<size_t> moments(largest / kSectorBytes + 1);
  for (size_t& one : moments) one = moment();
  std::string image = content.bytes;
  image.resize(largest);
  for (size_t i = 0; i < content.since.size(); ++i) {
    const auto& [offset, bytes] = content.since[i];
    const size_t end = bytes.empty() ? largest : offset + bytes.size();
    for (size_t at = offset; at < end;) {
      const size_t next = std::min(end, (at / kSectorBytes + 1) * kSectorBytes);
      if (i < moments[at / kSectorBytes]) {
        image.replace(
            at, next - at,
            bytes.empty() ? std::string(next - at, '\0') : bytes.substr(at - offset, next - at));
      }
      at = next;
    }
  }
  image.resize(sizes[moment()]);
  return image;
}

void FaultDisk::WriteSurvivors(const std::filesystem::path& from, const std::filesystem::path& to,
                               uint64_t seed) const {
  std::mt19937_64 random(seed);
  for (const auto& [name, content] : contents_) {
    const std::filesystem::path path(name);
    if (path.parent_path() != from) continue;
    // The name itself may not have reached the disk, or its deletion may not.
    if (!content.exists && !content.is_named) continue;
    if (content.exists != content.is_named && random() % 2 == 0) continue;
    std::ofstream(to / path.filename(), std::ios::binary) << Survivor(content, random);
  }
  // The shared memory is a file of its own on some systems, and then holds anything.
  if (random() % 2 == 0) {
    std::ofstream shared(to / "archsweep.db-shm", std::ios::binary);
    for (int word = 0; word < 4'096; ++word) {
      const uint64_t value = random();
      shared.write(reinterpret_cast<const char*>(&value), sizeof value);
    }
  }
}

}  // namespace archsweep
