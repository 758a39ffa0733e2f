#pragma once

#include <string>

#include "base/result.h"
#include "storage/database.h"
#include "storage/store.h"

namespace archsweep {

// The reading functions of Store, which says what each is.
Result<StoredState> ReadState(Database& database, int64_t now_ms);
Result<SweepIds> ReadWanted(Database& database, const std::string& sweep_name);
Result<TrialSpec> ReadTrial(Database& database, const TrialId& trial);
Result<EvaluationSpec> ReadEvaluation(Database& database, const EvaluationId& evaluation);
Result<CheckpointRef> ReadWeights(Database& database, const WeightsId& weights);

}  // namespace archsweep
