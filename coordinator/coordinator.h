#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "coordinator/engine.h"
#include "coordinator/http_server.h"
#include "coordinator/identity.h"
#include "coordinator/query_desk.h"
#include "coordinator/server.h"
#include "proto/access/access.h"
#include "storage/reader.h"

namespace archsweep {

struct CoordinatorOptions {
  std::filesystem::path state_folder;   // Database, lock, identity; on a local disk.
  std::filesystem::path shared_folder;  // Gets the access files.
  Address listen = {"0.0.0.0", 0};
  Address http = {"0.0.0.0", 0};
  std::vector<std::string> advertise;  // Hosts to be told instead of what `listen` says.
  bool takeover = false;  // Another coordinator that holds the state folder is to stop.
};

// The coordinator as a program of its own: keeps the state folder, listens with TLS and tells in
// the shared folder how to call it. Ends when it is destroyed: calls are ended, nothing is left
// half written, and workers go on until another one starts.
class Coordinator {
 public:
  // kBusy: another coordinator holds the state folder, and the message names its process. The other
  // errors are those of Store, Engine and Server. `clock` outlives the object.
  static Result<std::unique_ptr<Coordinator>> Start(const CoordinatorOptions& options,
                                                    const Clock& clock);
  ~Coordinator();

  // Any thread.
  const Engine& Running() const { return *engine_; }

  // kUnavailable: another coordinator has taken over the state folder, and this one must end. A
  // commit finds that too, but one that has nothing to commit would give old orders for ever. One
  // thread at a time.
  Status CheckIsCurrent();

  // As the worker's access file has it.
  const Access& WorkerAccess() const { return access_; }

 private:
  explicit Coordinator(Reader reader) : reader_(std::move(reader)) {}

  Status Listen(const CoordinatorOptions& options, const Clock& clock);
  Status WriteAccessFiles(const CoordinatorOptions& options);

  Reader reader_;
  Identity identity_;
  Access access_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<QueryDesk> desk_;
  std::unique_ptr<Authorization> authorization_;
  std::unique_ptr<HttpServer> http_;
  std::unique_ptr<Server> server_;  // After those that it calls.
};

}  // namespace archsweep
