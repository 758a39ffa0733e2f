#include "coordinator/coordinator.h"

#include <system_error>
#include <utility>

#include "base/file.h"
#include "base/text.h"
#include "coordinator/host_names.h"
#include "storage/store.h"

namespace archsweep {
namespace {

namespace fs = std::filesystem;

// The lock is of the file and not of its name: under the name there is a new one then, and who
// holds the old one finds at its next commit that the epoch is no longer its own.
Status BreakLock(const fs::path& state_folder) {
  std::error_code error;
  const fs::path lock = state_folder / kLockFile;
  fs::remove(lock, error);
  if (!error) return {};
  return Fail(ErrorKind::kIo, Format("{}: cannot be removed: {}", lock.string(), error.message()));
}

Result<int64_t> NewestEpoch(Reader& reader) {
  TRY_ASSIGN(Rows rows, reader.Query("SELECT value FROM meta WHERE name = 'epoch'"));
  TRY_ASSIGN(const bool found, rows.Next());
  const SqlValue value = found ? rows.At(0) : SqlValue();
  const auto* epoch = std::get_if<int64_t>(&value);
  if (epoch != nullptr) return *epoch;
  return Fail(ErrorKind::kCorrupt, "the database has no epoch");
}

std::vector<std::string> AdvertisedHosts(const CoordinatorOptions& options) {
  if (!options.advertise.empty()) return options.advertise;
  if (IsEveryInterface(options.listen)) return ReachableAddresses();
  return {options.listen.host};
}

}  // namespace

Result<std::unique_ptr<Coordinator>> Coordinator::Start(const CoordinatorOptions& options,
                                                        const Clock& clock) {
  if (options.takeover) TRY(BreakLock(options.state_folder));
  TRY_ASSIGN(Store store, Store::Open(options.state_folder, clock));
  TRY_ASSIGN(Reader reader, Reader::Open(options.state_folder, clock));
  std::unique_ptr<Coordinator> coordinator(new Coordinator(std::move(reader)));
  coordinator->access_.epoch = store.Epoch();
  TRY_ASSIGN(coordinator->access_.database,
             coordinator->reader_.DatabaseId().map_error([&](Error error) {
               return WithContext(std::move(error), options.state_folder.string());
             }));
  TRY_ASSIGN(coordinator->identity_,
             OpenIdentity(options.state_folder, coordinator->access_.database,
                          CertificateNames(AdvertisedHosts(options))));
  TRY_ASSIGN(coordinator->engine_, Engine::Start(std::move(store), clock));
  coordinator->desk_ =
      std::make_unique<QueryDesk>(options.state_folder, options.shared_folder, clock);
  TRY(coordinator->Listen(options, clock));
  TRY(coordinator->WriteAccessFiles(options));
  return coordinator;
}

Coordinator::~Coordinator() {
  if (desk_) desk_->Stop();
}

Status Coordinator::CheckIsCurrent() {
  TRY_ASSIGN(const int64_t newest, NewestEpoch(reader_));
  if (newest == access_.epoch) return {};
  return Fail(ErrorKind::kUnavailable,
              Format("coordinator {} has taken over this state folder; coordinator {} must end",
                     newest, access_.epoch));
}

Status Coordinator::Listen(const CoordinatorOptions& options, const Clock& clock) {
  TRY_ASSIGN(server_, Server::Start(*engine_, {.listen = options.listen,
                                               .tokens = identity_.tokens,
                                               .certificate = identity_.server,
                                               .desk = desk_.get()}));
  authorization_ = std::make_unique<Authorization>(identity_.tokens);
  const auto latest = [engine = engine_.get()] { return engine->Latest(); };
  TRY_ASSIGN(http_, HttpServer::Start({.listen = options.http, .certificate = identity_.server},
                                      *authorization_, latest, clock));
  return {};
}

Status Coordinator::WriteAccessFiles(const CoordinatorOptions& options) {
  const int port = server_->Listens().port;
  for (const std::string& host : AdvertisedHosts(options)) {
    access_.addresses.push_back(ToText(Address{host, port}));
  }
  access_.http =
      "https://" + ToText(Address{AdvertisedHosts(options).front(), http_->Listens().port});
  access_.authority = identity_.authority.certificate;
  // The worker's last, so that `access_` is left as that.
  for (const Role role : {Role::kReadOnly, Role::kUser, Role::kWorker}) {
    access_.role = role;
    access_.token = identity_.tokens.at(role);
    TRY(WriteAccess(AccessFile(options.shared_folder, role), access_));
  }
  return {};
}

}  // namespace archsweep
