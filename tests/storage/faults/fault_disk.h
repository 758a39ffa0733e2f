#pragma once

#include <sqlite3.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace archsweep {

// What SQLite asks of a disk and what can fail. kLock: of a file or of the shared memory beside it.
enum class DiskCall { kWrite, kSync, kTruncate, kLock };
inline constexpr std::array kDiskCalls = {DiskCall::kWrite, DiskCall::kSync, DiskCall::kTruncate,
                                          DiskCall::kLock};

std::string_view NameOf(DiskCall call);

struct Fault {
  DiskCall call = DiskCall::kWrite;
  int number = 0;         // The so many-th of these calls, from 1; 0: none.
  int code = 0;           // SQLite's, such as SQLITE_FULL.
  bool for_good = false;  // All later ones too, until the disk is mended.
};

// A disk that fails on demand and knows what a loss of power would leave. While it lives it stands
// between SQLite and the real files of this process: every connection opened meanwhile uses it. A
// failing write leaves a part of its bytes. Connections are of one thread, which FailAt and Mend
// need not be, and must be closed before it ends. Waits for locks take no time.
class FaultDisk {
 public:
  FaultDisk();
  ~FaultDisk();
  FaultDisk(const FaultDisk&) = delete;
  FaultDisk& operator=(const FaultDisk&) = delete;

  void FailAt(const Fault& fault);

  // Power is lost at the so many-th write, sync, truncation or deletion: it and everything after it
  // fails and changes nothing.
  void LosePowerAt(int number) { power_loss_at_ = number; }

  // From here on nothing fails.
  void Mend();

  bool HasFailed() const { return has_failed_; }
  int Calls(DiskCall call) const { return calls_[static_cast<size_t>(call)]; }
  int Changes() const { return changes_; }

  // Writes the databases of folder `from` as they would be after a loss of power now into `to`:
  // all that was synced, and of the rest each sector as it was at some moment since. The same seed
  // gives the same.
  void WriteSurvivors(const std::filesystem::path& from, const std::filesystem::path& to,
                      uint64_t seed) const;

 private:
  struct Vfs;
  struct File;
  // A write, or a truncation to `offset` where `bytes` is empty.
  struct Unsynced {
    size_t offset;
    std::string bytes;
  };
  struct Content {
    bool exists = false;    // Now.
    bool is_named = false;  // After a loss of power; where it differs, perhaps.
    std::string bytes;      // That were synced.
    std::vector<Unsynced> since;
  };

  // The code with which a call is to fail; SQLITE_OK: it is to be done.
  int Count(DiskCall call);
  bool LosesPower();
  Content& ContentOf(const std::string& path) { return contents_[path]; }
  static void Sync(Content& content);
  void SyncNames();
  static std::string Survivor(const Content& content, std::mt19937_64& random);

  std::mutex mutex_;  // Of all but contents_.
  Fault fault_;
  int power_loss_at_ = 0;
  bool has_failed_ = false;
  bool is_dark_ = false;
  std::array<int, kDiskCalls.size()> calls_ = {};
  int changes_ = 0;
  std::map<std::string, Content> contents_;  // By path.
  std::mt19937_64 torn_{7};                  // How much of a failing write is done.
  sqlite3_vfs* real_ = nullptr;
  sqlite3_vfs vfs_ = {};
};

}  // namespace archsweep
