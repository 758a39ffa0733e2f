-- What archsweep keeps. Tables are for archsweep itself; the views at the end, if their names begin
-- with v_, are for everyone: their columns keep name and meaning from version to version.
--
-- Times are milliseconds since 1970 in UTC (..._ms), durations are seconds, accuracies are shares
-- from 0 to 1. Ids are 32 hexadecimal digits. A number that is infinite or not a number is kept as
-- NULL. Rows of one table name rows of another by their integer `key`, or an attempt by its token.
--
-- What stands between "-- each {column}" and "-- end" is there once for every standard attack and
-- checkpoint: clean_last, ..., pgd20_best, ... (the list is in migrations.cc).

-- 'database' (random id), 'created_ms', 'epoch' (how often a coordinator has opened this database).
CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value ANY NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sweep (
  key         INTEGER PRIMARY KEY,
  name        TEXT NOT NULL UNIQUE,
  text        TEXT NOT NULL,      -- The sweep file as it was read last.
  gpus        INTEGER NOT NULL,   -- That one task needs.
  ranks       INTEGER NOT NULL,   -- Processes that share the work of one task.
  share       INTEGER NOT NULL,   -- Tasks that may run on one GPU at once.
  ordering    TEXT NOT NULL CHECK (ordering IN ('longest', 'spread')),
  priority    INTEGER NOT NULL,
  running_max INTEGER NOT NULL,   -- Attempts at once.
  failed_max  INTEGER NOT NULL,   -- It is paused when more tasks have failed.
  state       TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused', 'cancelled')),
  reason      TEXT NOT NULL DEFAULT '',   -- Why it is in this state.
  fingerprint TEXT NOT NULL,      -- SHA-256 of what it wants, in order.
  created_ms  INTEGER NOT NULL,
  changed_ms  INTEGER NOT NULL
) STRICT;

-- A network that is trained here, or whose weights were brought along. The configuration is apart
-- from it, so that lists over many trials read narrow rows. The columns from `reported` on are
-- derived from `training` and `result` by the triggers below, so that a list can be ordered by them
-- without a join.
CREATE TABLE trial (
  key         INTEGER PRIMARY KEY,
  id          TEXT NOT NULL UNIQUE CHECK (length(id) = 32),
  kind        TEXT NOT NULL CHECK (kind IN ('trained', 'imported')),
  dataset     TEXT NOT NULL,
  block       TEXT NOT NULL,
  -- Blocks and widening factor per stage; NULL for networks of cells.
  d1 INTEGER, d2 INTEGER, d3 INTEGER,
  w1 INTEGER, w2 INTEGER, w3 INTEGER,
  activation  TEXT NOT NULL,
  pre_process INTEGER NOT NULL,
  seed        INTEGER,            -- NULL where imported.
  parameters  INTEGER NOT NULL,
  macs        INTEGER NOT NULL,   -- Of one image.
  reported      INTEGER NOT NULL DEFAULT 0,   -- 1: has a result, or diverged.
  diverged      INTEGER,                      -- NULL until trained.
  train_token   INTEGER,
  train_steps   INTEGER,
  -- each {column}
  {column} REAL, {column}_images INTEGER,
  -- end
  train_seconds REAL
) STRICT;
-- each {column}
CREATE INDEX trial_by_{column} ON trial ({column}) WHERE reported = 1;
-- end
CREATE INDEX trial_by_parameters ON trial (parameters) WHERE reported = 1;
CREATE INDEX trial_by_macs       ON trial (macs)       WHERE reported = 1;

CREATE TABLE trial_config (
  trial  INTEGER PRIMARY KEY REFERENCES trial,
  config TEXT NOT NULL            -- Canonical JSON; its hash is the trial's id.
) STRICT;

-- What an attack does. Different settings under one name are different rows.
CREATE TABLE attack (
  key      INTEGER PRIMARY KEY,
  name     TEXT NOT NULL,
  settings TEXT NOT NULL UNIQUE   -- Canonical JSON.
) STRICT;

-- One measurement of a trained network.
CREATE TABLE evaluation (
  key           INTEGER PRIMARY KEY,
  id            TEXT NOT NULL UNIQUE CHECK (length(id) = 32),
  trial         INTEGER NOT NULL REFERENCES trial,
  attack        INTEGER NOT NULL REFERENCES attack,
  checkpoint    TEXT NOT NULL CHECK (checkpoint IN ('last', 'best')),   -- Whose weights.
  images        INTEGER NOT NULL, -- The first so many test images; 0: all.
  result_column TEXT              -- Of v_result, where its accuracy counts; NULL: none.
) STRICT;
CREATE INDEX evaluation_by_trial ON evaluation (trial);

-- Which sweep wants what. wanted = 0: its file no longer has it.
CREATE TABLE membership (
  sweep   INTEGER NOT NULL REFERENCES sweep,
  trial   INTEGER NOT NULL REFERENCES trial,
  ordinal INTEGER NOT NULL,       -- Position in the sweep, from 0.
  wanted  INTEGER NOT NULL CHECK (wanted IN (0, 1)),
  PRIMARY KEY (sweep, trial)
) STRICT, WITHOUT ROWID;
CREATE INDEX membership_by_ordinal ON membership (sweep, ordinal);

CREATE TABLE evaluation_membership (
  sweep      INTEGER NOT NULL REFERENCES sweep,
  evaluation INTEGER NOT NULL REFERENCES evaluation,
  ordinal    INTEGER NOT NULL,
  wanted     INTEGER NOT NULL CHECK (wanted IN (0, 1)),
  PRIMARY KEY (sweep, evaluation)
) STRICT, WITHOUT ROWID;

-- What is placed on workers: the training of a trial (evaluation is NULL), or one evaluation of it.
CREATE TABLE task (
  key        INTEGER PRIMARY KEY,
  trial      INTEGER NOT NULL REFERENCES trial,
  evaluation INTEGER REFERENCES evaluation,
  state      TEXT NOT NULL DEFAULT 'queued'
             CHECK (state IN ('queued', 'backoff', 'assigned', 'running', 'succeeded', 'failed',
                              'cancelled')),
  work       REAL NOT NULL,                -- Expected multiply-accumulates.
  memory     INTEGER NOT NULL,             -- Expected bytes on each of its devices.
  attempts   INTEGER NOT NULL DEFAULT 0,
  charged    INTEGER NOT NULL DEFAULT 0,   -- Failures that count against its budget.
  uncharged  INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX task_of_training   ON task (trial)      WHERE evaluation IS NULL;
CREATE UNIQUE INDEX task_of_evaluation ON task (evaluation) WHERE evaluation IS NOT NULL;
CREATE INDEX task_not_trained ON task (trial)
  WHERE evaluation IS NULL AND state IN ('failed', 'cancelled');

-- One life of an agent.
CREATE TABLE worker (
  key         INTEGER PRIMARY KEY,
  id          TEXT NOT NULL UNIQUE CHECK (length(id) = 32),
  host        TEXT NOT NULL,
  slots       INTEGER NOT NULL,
  gpu_slots   INTEGER NOT NULL,           -- Of these.
  memory      INTEGER NOT NULL,           -- Bytes of the host; 0: not known.
  devices     TEXT NOT NULL,              -- JSON list of the bytes of each GPU; empty: not known.
  ends_ms     INTEGER,                    -- When its time is over; NULL: no bound.
  version     TEXT NOT NULL,              -- Of its program, with its git id; empty: not known.
  draining    INTEGER NOT NULL DEFAULT 0 CHECK (draining IN (0, 1)),
  joined_ms   INTEGER NOT NULL,
  left_ms     INTEGER,
  left_reason TEXT
) STRICT;

CREATE INDEX worker_here ON worker (key) WHERE left_ms IS NULL;

-- Hosts on which tasks failed again and again: their workers get nothing until then.
CREATE TABLE quarantine (
  host     TEXT PRIMARY KEY,
  begin_ms INTEGER NOT NULL,
  end_ms   INTEGER NOT NULL,
  evidence TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- One execution of a task. It is live while ended_ms is NULL; only then are facts under its token
-- accepted.
CREATE TABLE attempt (
  token        INTEGER PRIMARY KEY,
  task         INTEGER NOT NULL REFERENCES task,
  number       INTEGER NOT NULL,          -- Of this task's attempts, from 1.
  worker       INTEGER NOT NULL REFERENCES worker,
  slots        TEXT NOT NULL,             -- JSON list of slot numbers.
  share        INTEGER NOT NULL,          -- Attempts that may use each of the slots at once.
  in_advance   INTEGER NOT NULL,          -- 1: assigned while another still had its slot.
  state        TEXT NOT NULL DEFAULT 'assigned'
               CHECK (state IN ('assigned', 'running', 'succeeded', 'failed')),
  failure      TEXT,                      -- Its class.
  message      TEXT,
  assigned_ms  INTEGER NOT NULL,
  started_ms   INTEGER,
  ended_ms     INTEGER,
  version      TEXT,                      -- Of the trainer, with its git id.
  libraries    TEXT,
  device       TEXT,
  threads      INTEGER,
  resumed_step INTEGER,                   -- 0: from the start.
  -- What it used until its end, or until a sample; NULL: not known.
  wall_ms      INTEGER,
  cpu_ms       INTEGER,                   -- Of all its processes.
  memory_peak  INTEGER,                   -- Bytes; of all its processes.
  device_peak  INTEGER,                   -- Bytes on its GPUs, whoever had them.
  device_busy  REAL,                      -- Share of the time, of these.
  UNIQUE (task, number),
  CHECK ((ended_ms IS NULL) = (state IN ('assigned', 'running'))),
  CHECK ((failure IS NULL) = (state <> 'failed'))
) STRICT;
CREATE UNIQUE INDEX attempt_live   ON attempt (task) WHERE ended_ms IS NULL;
CREATE INDEX        attempt_failed ON attempt (ended_ms) WHERE failure IS NOT NULL;

-- What a training left; once for ever. Of an imported trial: the weights that were brought along.
CREATE TABLE training (
  trial        INTEGER PRIMARY KEY REFERENCES trial,
  token        INTEGER UNIQUE REFERENCES attempt,   -- NULL where imported.
  diverged     INTEGER NOT NULL CHECK (diverged IN (0, 1)),
  steps        INTEGER,           -- NULL where imported.
  seconds      REAL,              -- Of all attempts, as far as the work of each is in the next.
  folder       TEXT,              -- Of the last checkpoint.
  model_sha256 TEXT,
  -- Of the best checkpoint, where the recipe selects one.
  best_folder   TEXT,
  best_sha256   TEXT,
  best_step     INTEGER,
  best_epoch    INTEGER,
  best_accuracy REAL,             -- By which it was selected.
  CHECK ((token IS NULL) = (steps IS NULL)),
  CHECK ((folder IS NULL) = diverged),
  CHECK ((model_sha256 IS NULL) = diverged),
  CHECK (best_folder IS NULL OR diverged = 0),
  CHECK ((best_folder IS NULL) = (best_sha256 IS NULL))
) STRICT;
CREATE INDEX training_diverged ON training (trial) WHERE diverged = 1;

-- What an evaluation measured; once for ever.
CREATE TABLE result (
  trial      INTEGER NOT NULL REFERENCES training (trial),
  evaluation INTEGER NOT NULL REFERENCES evaluation,
  token      INTEGER NOT NULL UNIQUE REFERENCES attempt,
  images     INTEGER NOT NULL CHECK (images > 0),
  correct    INTEGER NOT NULL CHECK (correct BETWEEN 0 AND images),
  accuracy   REAL GENERATED ALWAYS AS (CAST(correct AS REAL) / images) VIRTUAL,
  loss       REAL,
  seconds    REAL,                -- Likewise.
  flags      BLOB NOT NULL,       -- Bit i of byte i / 8, lowest first: image i stays right.
  warnings   TEXT NOT NULL,       -- JSON list of what the attack noticed.
  -- Passes of one image each that were made, and those that were saved.
  forward_images  INTEGER NOT NULL,
  backward_images INTEGER NOT NULL,
  saved_images    INTEGER NOT NULL,
  -- A safetensors file below the shared folder: `margin` and `broken_by` of every image.
  artifact        TEXT,
  artifact_sha256 TEXT,
  CHECK ((artifact IS NULL) = (artifact_sha256 IS NULL)),
  PRIMARY KEY (trial, evaluation)
) STRICT;
CREATE INDEX result_by_accuracy ON result (accuracy);

CREATE TABLE epoch_metric (
  token            INTEGER NOT NULL REFERENCES attempt,
  epoch            INTEGER NOT NULL,      -- From 1.
  loss             REAL,
  natural_loss     REAL,
  robust_loss      REAL,
  natural_accuracy REAL,
  robust_accuracy  REAL,
  learning_rate    REAL,
  seconds          REAL,
  clean_accuracy       REAL,              -- Of the images by which the recipe selects, clean
  pgd20_accuracy       REAL,              -- and after PGD-20; NULL where it does not select.
  train_fgsm_accuracy  REAL,              -- Of the last training images after FGSM.
  recorded_ms      INTEGER NOT NULL,
  PRIMARY KEY (token, epoch)
) STRICT, WITHOUT ROWID;

-- An index of folders that once were durable; the folders themselves count.
CREATE TABLE checkpoint (
  token        INTEGER NOT NULL REFERENCES attempt,
  step         INTEGER NOT NULL,
  folder       TEXT NOT NULL,
  model_sha256 TEXT NOT NULL,
  recorded_ms  INTEGER NOT NULL,
  PRIMARY KEY (token, step)
) STRICT, WITHOUT ROWID;

-- Every committed fact in order, for audit. `data` holds what neither the task and the attempt that
-- the row names hold, nor what they left: those rows are written once, and several times as large.
CREATE TABLE event (
  seq    INTEGER PRIMARY KEY,
  at_ms  INTEGER NOT NULL,
  epoch  INTEGER NOT NULL,
  kind   TEXT NOT NULL,
  task   INTEGER REFERENCES task,
  token  INTEGER,                 -- Not always of an attempt: refused reports are here too.
  data   TEXT NOT NULL            -- JSON.
) STRICT;

CREATE TRIGGER event_is_append_only_1 BEFORE UPDATE ON event BEGIN
  SELECT raise(ABORT, 'the event table is append-only');
END;
CREATE TRIGGER event_is_append_only_2 BEFORE DELETE ON event BEGIN
  SELECT raise(ABORT, 'the event table is append-only');
END;
CREATE TRIGGER result_is_final_1 BEFORE UPDATE ON result BEGIN
  SELECT raise(ABORT, 'a result is recorded once for ever');
END;
CREATE TRIGGER result_is_final_2 BEFORE DELETE ON result BEGIN
  SELECT raise(ABORT, 'a result is recorded once for ever');
END;

CREATE TRIGGER training_reported AFTER INSERT ON training BEGIN
  UPDATE trial SET diverged = NEW.diverged, reported = reported OR NEW.diverged,
                   train_token = NEW.token, train_steps = NEW.steps, train_seconds = NEW.seconds
  WHERE key = NEW.trial;
END;

-- Of several evaluations that count for a column the one over the most images does, of those the
-- first.
CREATE TRIGGER result_reported AFTER INSERT ON result BEGIN
  UPDATE trial SET reported = 1 WHERE key = NEW.trial AND reported = 0;
  -- each {column}
  UPDATE trial SET {column} = NEW.accuracy, {column}_images = NEW.images
  WHERE key = NEW.trial AND NEW.images > coalesce({column}_images, 0)
    AND (SELECT result_column FROM evaluation WHERE key = NEW.evaluation) = '{column}';
  -- end
END;

-- One row per trial, of whatever sweep, that has a result or diverged. "_last" means: of the last
-- weights, "_best": of those that the recipe selected. What comes from other tables is a subquery rather than a join, so that ordering many
-- trials does not look it up for each of them.
CREATE VIEW v_result AS
SELECT
  t.id AS trial, t.kind,
  t.dataset, t.block, t.d1, t.d2, t.d3, t.w1, t.w2, t.w3, t.activation, t.pre_process, t.seed,
  t.parameters, t.macs,
  t.diverged,   -- 1: the loss became infinite or not a number; there are no accuracies.
  -- each {column}
  t.{column}, t.{column}_images,   -- Accuracy, and how many images it is over.
  -- end
  t.train_steps, t.train_seconds,
  (SELECT k.attempts FROM task k WHERE k.trial = t.key AND k.evaluation IS NULL) AS train_attempts,
  t.train_token,   -- Of the attempt that ended the training; the next ten columns are its.
  (SELECT a.ended_ms FROM attempt a WHERE a.token = t.train_token) AS trained_ms,
  (SELECT a.version FROM attempt a WHERE a.token = t.train_token) AS version,   -- The trainer's.
  (SELECT w.version FROM attempt a JOIN worker w ON w.key = a.worker
   WHERE a.token = t.train_token) AS worker_version,   -- Of the program that started the trainer.
  (SELECT a.libraries FROM attempt a WHERE a.token = t.train_token) AS libraries,
  (SELECT a.device FROM attempt a WHERE a.token = t.train_token) AS device,
  (SELECT a.threads FROM attempt a WHERE a.token = t.train_token) AS threads,
  (SELECT a.cpu_ms / 1000.0 FROM attempt a WHERE a.token = t.train_token) AS cpu_seconds,
  (SELECT a.memory_peak FROM attempt a WHERE a.token = t.train_token) AS memory_peak_bytes,
  (SELECT a.device_peak FROM attempt a WHERE a.token = t.train_token) AS device_peak_bytes,
  (SELECT a.device_busy FROM attempt a WHERE a.token = t.train_token) AS device_busy,
  (SELECT config ->> '$.numerics.precision' FROM trial_config WHERE trial = t.key) AS precision,
  (SELECT config ->> '$.numerics.fusion' FROM trial_config WHERE trial = t.key) AS fusion,
  (SELECT config ->> '$.dataset.digest' FROM trial_config WHERE trial = t.key) AS dataset_digest,
  (SELECT config FROM trial_config WHERE trial = t.key) AS config,   -- All, as canonical JSON.
  (SELECT folder FROM training WHERE trial = t.key) AS weights,      -- The last checkpoint.
  (SELECT best_folder FROM training WHERE trial = t.key) AS best_weights,
  (SELECT best_epoch FROM training WHERE trial = t.key) AS best_epoch,
  (SELECT best_accuracy FROM training WHERE trial = t.key) AS best_accuracy,
  t.key AS trial_key   -- For joins with tables; another number in another database.
FROM trial t
WHERE t.reported = 1;

-- One row per result.
CREATE VIEW v_evaluation AS
SELECT
  t.id AS trial, e.id AS evaluation,
  x.name AS attack, x.settings ->> '$.epsilon_255' AS epsilon_255, x.settings ->> '$.steps' AS steps,
  e.checkpoint,
  r.images, r.correct, r.accuracy, r.loss, r.seconds,
  r.warnings, r.forward_images, r.backward_images, r.saved_images, r.artifact, r.artifact_sha256,
  a.number AS attempts, r.token, a.ended_ms AS evaluated_ms,
  a.version, w.version AS worker_version, a.libraries, a.device, a.threads, w.host,
  a.cpu_ms / 1000.0 AS cpu_seconds, a.memory_peak AS memory_peak_bytes,
  a.device_peak AS device_peak_bytes, a.device_busy,
  x.settings AS attack_settings,   -- All, as canonical JSON.
  -- Of the weights that were attacked.
  (SELECT iif(e.checkpoint = 'best', g.best_sha256, g.model_sha256) FROM training g
   WHERE g.trial = r.trial) AS weights_sha256,
  t.key AS trial_key
FROM result r
LEFT JOIN evaluation e ON e.key = r.evaluation
LEFT JOIN attack x ON x.key = e.attack
LEFT JOIN trial t ON t.key = r.trial
LEFT JOIN attempt a ON a.token = r.token
LEFT JOIN worker w ON w.key = a.worker;

-- One row per sweep and trial, in the order of `ordinal`, with the state of its training and of the
-- evaluations that the sweep wants.
CREATE VIEW v_membership AS
SELECT
  s.name AS sweep, m.ordinal, t.id AS trial, m.wanted,
  CASE WHEN m.wanted = 0 OR s.state = 'cancelled' THEN 'withdrawn'
       WHEN s.state = 'paused' THEN 'paused' ELSE 'wanted' END AS state,
  (SELECT k.state FROM task k WHERE k.trial = m.trial AND k.evaluation IS NULL) AS training,
  (SELECT count(*) FROM evaluation e CROSS JOIN evaluation_membership n ON n.evaluation = e.key
   WHERE e.trial = m.trial AND n.sweep = m.sweep AND n.wanted = 1) AS evaluations,
  (SELECT count(*) FROM evaluation e CROSS JOIN evaluation_membership n ON n.evaluation = e.key
   JOIN result r ON r.trial = e.trial AND r.evaluation = e.key
   WHERE e.trial = m.trial AND n.sweep = m.sweep AND n.wanted = 1) AS evaluated,
  t.key AS trial_key
FROM sweep s
JOIN membership m ON m.sweep = s.key
JOIN trial t ON t.key = m.trial;

-- One row per sweep and task that it wants.
CREATE VIEW v_task AS
SELECT
  s.name AS sweep, 'train' AS kind, t.id AS trial, NULL AS evaluation, NULL AS attack,
  k.state, k.attempts, k.charged, k.uncharged
FROM sweep s
JOIN membership m ON m.sweep = s.key
JOIN task k ON k.trial = m.trial AND k.evaluation IS NULL
JOIN trial t ON t.key = m.trial
WHERE m.wanted = 1
UNION ALL
SELECT
  s.name, 'evaluate', t.id, e.id, x.name, k.state, k.attempts, k.charged, k.uncharged
FROM sweep s
JOIN evaluation_membership n ON n.sweep = s.key
JOIN task k ON k.evaluation = n.evaluation
JOIN evaluation e ON e.key = n.evaluation
JOIN attack x ON x.key = e.attack
JOIN trial t ON t.key = e.trial
WHERE n.wanted = 1;

-- How long tasks take, by kind and by that of their slots: the median over the newest attempts, as
-- seconds for each expected multiply-accumulate; the other kind's where none of this one has ended,
-- NULL before the first. What an attempt took is as for Pace of the scheduler: it may have gone on
-- from an earlier one, whose time its trainer adds.
CREATE VIEW pace AS
WITH
  newest AS (SELECT * FROM attempt ORDER BY token DESC LIMIT 500),
  done AS (
    SELECT
      iif(k.evaluation IS NULL, 'train', 'evaluate') AS kind,
      a.slots ->> '$[0]' >= w.slots - w.gpu_slots AS gpu,
      max((a.ended_ms - a.started_ms) / 1000.0, coalesce(g.seconds, r.seconds, 0)) / k.work
        AS seconds
    FROM newest a
    JOIN task k ON k.key = a.task
    JOIN worker w ON w.key = a.worker
    LEFT JOIN training g ON g.token = a.token
    LEFT JOIN result r ON r.token = a.token
    WHERE a.state = 'succeeded'),
  ranked AS (
    SELECT *, row_number() OVER (PARTITION BY kind, gpu ORDER BY seconds) AS place,
           count(*) OVER (PARTITION BY kind, gpu) AS attempts
    FROM done),
  median AS MATERIALIZED (
    SELECT kind, gpu, avg(seconds) AS seconds FROM ranked
    WHERE place IN ((attempts + 1) / 2, (attempts + 2) / 2) GROUP BY kind, gpu),
  kinds(kind, gpu) AS (VALUES ('train', 0), ('train', 1), ('evaluate', 0), ('evaluate', 1))
SELECT
  kinds.kind, kinds.gpu,
  coalesce((SELECT seconds FROM median m WHERE m.kind = kinds.kind AND m.gpu = kinds.gpu),
           (SELECT max(seconds) FROM median m WHERE m.gpu = kinds.gpu)) AS seconds_per_work
FROM kinds;

-- What runs: how long each is expected to take, and has taken until now.
CREATE VIEW running AS
SELECT
  k.trial, k.evaluation, k.work * p.seconds_per_work AS expected_seconds,
  min(max(unixepoch() - coalesce(a.started_ms / 1000.0, unixepoch()), 0),
      k.work * p.seconds_per_work) AS spent_seconds
FROM attempt a
JOIN task k ON k.key = a.task
JOIN worker w ON w.key = a.worker
JOIN pace p ON p.kind = iif(k.evaluation IS NULL, 'train', 'evaluate')
           AND p.gpu = (a.slots ->> '$[0]' >= w.slots - w.gpu_slots)
WHERE a.ended_ms IS NULL AND (a.in_advance = 0 OR a.state = 'running');

-- One row per sweep: what it wants and how far that is. waiting: queued, or backing off before the
-- next attempt. unreachable: evaluations whose training failed or was cancelled. Evaluations of
-- diverged trials are not counted, for there is nothing to evaluate.
-- eta_seconds: until all is done, if as many attempts as now go on at the pace of those that have
-- ended; NULL while that is not known, nothing runs, or the sweep is not active.
CREATE VIEW v_progress AS
WITH
  -- Few, so that they are not looked up for each evaluation.
  not_trained AS (
    SELECT trial FROM task WHERE evaluation IS NULL AND state IN ('failed', 'cancelled')
      AND trial NOT IN (SELECT trial FROM training)),
  pace_now AS MATERIALIZED (SELECT * FROM pace),
  at_work AS MATERIALIZED (
    SELECT s.key AS sweep_key, count(*) AS attempts, sum(r.spent_seconds) AS spent_seconds,
           max(r.expected_seconds - r.spent_seconds) AS longest_seconds
    FROM running r JOIN sweep s
    WHERE s.state = 'active' AND iif(
      r.evaluation IS NULL,
      EXISTS (SELECT 1 FROM membership m
              WHERE m.sweep = s.key AND m.trial = r.trial AND m.wanted = 1),
      EXISTS (SELECT 1 FROM evaluation_membership n
              WHERE n.sweep = s.key AND n.evaluation = r.evaluation AND n.wanted = 1))
    GROUP BY s.key)
SELECT
  s.name AS sweep,
  (SELECT count(*) FROM membership m WHERE m.sweep = s.key AND m.wanted = 1) AS trials,
  (SELECT count(*) FROM training g CROSS JOIN membership m
   WHERE g.diverged = 1 AND m.sweep = s.key AND m.trial = g.trial AND m.wanted = 1) AS diverged,
  sum(tasks) AS tasks,
  coalesce(sum(tasks) FILTER (WHERE counts.state = 'succeeded'), 0) AS done,
  coalesce(sum(tasks) FILTER (WHERE counts.state IN ('assigned', 'running')), 0) AS running,
  coalesce(sum(tasks) FILTER (WHERE counts.state = 'failed'), 0) AS failed,
  coalesce(sum(tasks) FILTER (WHERE counts.state = 'cancelled'), 0) AS cancelled,
  coalesce(sum(tasks) FILTER (WHERE counts.state = 'unreachable'), 0) AS unreachable,
  coalesce(sum(tasks) FILTER (WHERE counts.state IN ('queued', 'backoff')), 0) AS waiting,
  max((sum(work * seconds_per_work)
         FILTER (WHERE counts.state IN ('queued', 'backoff', 'assigned', 'running'))
       - spent_seconds) / attempts, longest_seconds) AS eta_seconds
FROM (
  SELECT m.sweep, 'train' AS kind, k.state, count(*) AS tasks, sum(k.work) AS work
  FROM membership m JOIN task k ON k.trial = m.trial AND k.evaluation IS NULL
  WHERE m.wanted = 1 GROUP BY m.sweep, k.state
  UNION ALL
  SELECT n.sweep, 'evaluate',
         iif(k.state IN ('queued', 'backoff') AND k.trial IN not_trained, 'unreachable', k.state)
           AS state_now,
         count(*), sum(k.work)
  FROM evaluation_membership n JOIN task k ON k.evaluation = n.evaluation
  WHERE n.wanted = 1 AND k.trial NOT IN (SELECT trial FROM training WHERE diverged = 1)
  GROUP BY n.sweep, state_now
) AS counts
JOIN sweep s ON s.key = counts.sweep
LEFT JOIN pace_now p ON p.kind = counts.kind AND p.gpu = (s.gpus > 0)
LEFT JOIN at_work ON at_work.sweep_key = s.key
GROUP BY s.key;

-- One row per sweep that was ever recorded.
CREATE VIEW v_sweep AS
SELECT
  name AS sweep, state, reason, gpus, ranks, share, ordering, priority, running_max, failed_max,
  created_ms, changed_ms
FROM sweep;

-- One row per trial of any sweep, whether it has a result or not.
CREATE VIEW v_trial AS
SELECT
  t.id AS trial, t.kind,
  t.dataset, t.block, t.d1, t.d2, t.d3, t.w1, t.w2, t.w3, t.activation, t.pre_process, t.seed,
  t.parameters, t.macs,
  (SELECT config FROM trial_config WHERE trial = t.key) AS config,   -- All, as canonical JSON.
  t.key AS trial_key
FROM trial t;

-- One row per life of a worker, with how many of its attempts are live, succeeded and failed.
CREATE VIEW v_worker AS
SELECT
  w.id AS worker, w.host, w.slots, w.gpu_slots, w.version,
  coalesce(a.running, 0) AS running, coalesce(a.succeeded, 0) AS succeeded,
  coalesce(a.failed, 0) AS failed, w.draining, w.joined_ms, w.left_ms, w.left_reason
FROM worker w
LEFT JOIN (
  SELECT worker, count(*) FILTER (WHERE ended_ms IS NULL) AS running,
         count(*) FILTER (WHERE state = 'succeeded') AS succeeded,
         count(*) FILTER (WHERE state = 'failed') AS failed
  FROM attempt GROUP BY worker) AS a ON a.worker = w.key;

-- One row per task: what it waits for or how it ended, and its newest failure. A coordinator that
-- runs knows more: `archsweep why`.
CREATE VIEW v_why AS
SELECT
  t.id AS trial, iif(k.evaluation IS NULL, 'train', 'evaluate') AS kind, e.id AS evaluation,
  x.name AS attack, k.state, k.attempts,
  CASE
    WHEN k.state = 'succeeded' AND g.diverged = 1 AND k.evaluation IS NULL THEN 'it diverged'
    WHEN k.state = 'succeeded' THEN 'it is done'
    WHEN k.state IN ('assigned', 'running') THEN 'attempt ' || a.number || ' is on ' || w.host
    WHEN g.diverged = 1 THEN 'the training diverged, and there is nothing to evaluate'
    WHEN k.evaluation IS NOT NULL AND g.trial IS NULL THEN
      CASE (SELECT h.state FROM task h WHERE h.trial = k.trial AND h.evaluation IS NULL)
        WHEN 'failed' THEN 'the training failed'
        WHEN 'cancelled' THEN 'the training was cancelled'
        ELSE 'the training is not done'
      END
    WHEN k.state = 'failed' THEN 'it failed, and is not tried again'
    WHEN k.state = 'backoff' THEN 'it failed, and waits before it is tried again'
    WHEN NOT EXISTS (SELECT 1 FROM worker WHERE left_ms IS NULL) THEN 'there is no worker'
    ELSE 'it waits for free slots'
  END AS why,
  f.failure AS class, f.message, f.number AS failed_attempt, v.host AS failed_on,
  -- Of the newest attempt, as in v_attempt.
  u.wall_ms / 1000.0 AS seconds, u.cpu_ms / 1000.0 AS cpu_seconds,
  u.memory_peak AS memory_peak_bytes, u.device_peak AS device_peak_bytes, u.device_busy,
  k.key AS task_key   -- Trainings come before their evaluations; another number elsewhere.
FROM trial t
JOIN task k ON k.trial = t.key
LEFT JOIN evaluation e ON e.key = k.evaluation
LEFT JOIN attack x ON x.key = e.attack
LEFT JOIN training g ON g.trial = t.key
LEFT JOIN attempt a ON a.task = k.key AND a.ended_ms IS NULL
LEFT JOIN worker w ON w.key = a.worker
LEFT JOIN attempt f ON f.token = (SELECT max(token) FROM attempt
                                  WHERE task = k.key AND failure IS NOT NULL)
LEFT JOIN worker v ON v.key = f.worker
LEFT JOIN attempt u ON u.token = (SELECT max(token) FROM attempt WHERE task = k.key);

-- One row per attempt, with what it used until its end or, where it runs, until a minute ago or so;
-- NULL: not known. Other views say the same of the attempt that they name.
CREATE VIEW v_attempt AS
SELECT
  a.token, CASE WHEN k.evaluation IS NULL THEN 'train' ELSE 'evaluate' END AS kind,
  t.id AS trial, e.id AS evaluation, x.name AS attack, a.number AS attempt,
  a.state, a.failure AS class, a.message,
  w.id AS worker, w.host, a.slots, a.device, a.threads, a.version, w.version AS worker_version,
  a.resumed_step,
  a.assigned_ms, a.started_ms, a.ended_ms,
  a.wall_ms / 1000.0 AS seconds,
  a.cpu_ms / 1000.0 AS cpu_seconds,      -- User and system, of all its processes.
  a.memory_peak AS memory_peak_bytes,    -- The most that was resident at once, by the samples.
  a.device_peak AS device_peak_bytes,    -- Likewise on its GPUs, whoever had it there.
  a.device_busy                          -- Share of the time in which anything ran on these.
FROM attempt a
LEFT JOIN task k ON k.key = a.task
LEFT JOIN trial t ON t.key = k.trial
LEFT JOIN evaluation e ON e.key = k.evaluation
LEFT JOIN attack x ON x.key = e.attack
LEFT JOIN worker w ON w.key = a.worker;

-- One row per attempt that failed.
CREATE VIEW v_failures AS
SELECT
  a.ended_ms AS failed_ms,
  CASE WHEN k.evaluation IS NULL THEN 'train' ELSE 'evaluate' END AS kind,
  t.id AS trial, e.id AS evaluation, x.name AS attack, a.number AS attempt, a.token,
  a.failure AS class, a.message,
  k.state AS task_state,                       -- Of its task now.
  w.id AS worker, w.host, a.slots, a.device, a.version, w.version AS worker_version, a.started_ms,
  a.wall_ms / 1000.0 AS seconds, a.cpu_ms / 1000.0 AS cpu_seconds,
  a.memory_peak AS memory_peak_bytes, a.device_peak AS device_peak_bytes, a.device_busy
FROM attempt a
LEFT JOIN task k ON k.key = a.task
LEFT JOIN trial t ON t.key = k.trial
LEFT JOIN evaluation e ON e.key = k.evaluation
LEFT JOIN attack x ON x.key = e.attack
LEFT JOIN worker w ON w.key = a.worker
WHERE a.failure IS NOT NULL;

-- One row per trial and epoch: the course of its training. Where an epoch was done again after a
-- loss, the newest counts.
CREATE VIEW v_curve AS
SELECT
  t.id AS trial, m.epoch, m.loss, m.natural_loss, m.robust_loss, m.natural_accuracy,
  m.robust_accuracy, m.learning_rate, m.seconds, m.clean_accuracy, m.pgd20_accuracy,
  m.train_fgsm_accuracy, m.recorded_ms, m.token
FROM trial t
JOIN task k ON k.trial = t.key AND k.evaluation IS NULL
JOIN attempt a ON a.task = k.key
JOIN epoch_metric m ON m.token = a.token
WHERE NOT EXISTS (SELECT 1 FROM attempt b
                  JOIN epoch_metric n ON n.token = b.token AND n.epoch = m.epoch
                  WHERE b.task = a.task AND b.token > a.token);
