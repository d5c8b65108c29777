/** Each brings the database one version further. Only ever append: pods keep their databases over updates. */
export const migrations: readonly string[] = [
  `CREATE TABLE jobs (
     sequence INTEGER PRIMARY KEY,
     job_id TEXT NOT NULL UNIQUE,
     state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'completed', 'failed', 'canceled')),
     error TEXT,
     prompt_id TEXT,
     cancel_requested INTEGER NOT NULL DEFAULT 0,
     attempts INTEGER NOT NULL DEFAULT 0,
     -- The higher, the sooner.
     priority INTEGER NOT NULL DEFAULT 0,
     webhook_url TEXT,
     -- Name of the caller's key and its Idempotency-Key, and the hash of the request it came with.
     idempotency_key TEXT UNIQUE,
     request_sha256 TEXT,
     created_at TEXT NOT NULL,
     started_at TEXT,
     finished_at TEXT,
     -- Milliseconds of the wait that the endpoint's own boot took.
     boot_ms INTEGER,
     -- Last, for they may be large: whoever wants the others need not read over them.
     inputs TEXT NOT NULL,
     result TEXT
   ) STRICT;
   CREATE INDEX jobs_queued ON jobs (priority DESC, sequence) WHERE state = 'queued';
   CREATE INDEX jobs_running ON jobs (sequence) WHERE state = 'running';
   CREATE INDEX jobs_state ON jobs (state, created_at, sequence);
   CREATE INDEX jobs_created ON jobs (created_at, sequence);

   -- What happened to a job, as its event stream tells it.
   CREATE TABLE job_events (
     sequence INTEGER PRIMARY KEY AUTOINCREMENT,
     job_id TEXT NOT NULL,
     type TEXT NOT NULL,
     data TEXT NOT NULL,
     created_at TEXT NOT NULL
   ) STRICT;
   CREATE INDEX job_events_job ON job_events (job_id, sequence);

   -- Webhook deliveries: written with the end of their job, sent afterwards.
   CREATE TABLE deliveries (
     sequence INTEGER PRIMARY KEY AUTOINCREMENT,
     delivery_id TEXT NOT NULL UNIQUE,
     job_id TEXT NOT NULL,
     url TEXT NOT NULL,
     state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
     attempts INTEGER NOT NULL DEFAULT 0,
     -- Milliseconds since the epoch.
     next_at INTEGER NOT NULL,
     -- Of the latest attempt.
     error TEXT,
     created_at TEXT NOT NULL
   ) STRICT;
   CREATE INDEX deliveries_due ON deliveries (next_at) WHERE state = 'pending';
   CREATE INDEX deliveries_job ON deliveries (job_id, sequence);

   -- No state changes without its event, no job with a webhook ends without its delivery: not even when we crash.
   CREATE TRIGGER jobs_queued_event AFTER INSERT ON jobs BEGIN
     INSERT INTO job_events (job_id, type, data, created_at)
     VALUES (new.job_id, 'state', json_object('state', new.state), new.created_at);
   END;
   CREATE TRIGGER jobs_state_event AFTER UPDATE OF state ON jobs WHEN old.state <> new.state BEGIN
     INSERT INTO job_events (job_id, type, data, created_at)
     VALUES (new.job_id, 'state', json_object('state', new.state), strftime('%Y-%m-%dT%H:%M:%fZ', 'now'));
   END;
   -- How far an ended job once was is of no use to anybody.
   CREATE TRIGGER jobs_ended AFTER UPDATE OF state ON jobs WHEN new.state IN ('completed', 'failed', 'canceled') BEGIN
     DELETE FROM job_events WHERE job_id = new.job_id AND type = 'progress';
   END;
   CREATE TRIGGER jobs_removed AFTER DELETE ON jobs BEGIN
     DELETE FROM job_events WHERE job_id = old.job_id;
     DELETE FROM deliveries WHERE job_id = old.job_id AND state <> 'pending';
   END;
   CREATE TRIGGER jobs_webhook AFTER UPDATE OF state ON jobs
   WHEN old.state <> new.state AND new.webhook_url IS NOT NULL AND new.state IN ('completed', 'failed', 'canceled')
   BEGIN
     INSERT INTO deliveries (delivery_id, job_id, url, state, next_at, created_at)
     VALUES ('msg_' || lower(hex(randomblob(16))), new.job_id, new.webhook_url, 'pending', 0,
             strftime('%Y-%m-%dT%H:%M:%fZ', 'now'));
   END;

   -- Keys beside the endpoint's first one, which is in the pod's environment.
   CREATE TABLE keys (
     name TEXT PRIMARY KEY,
     sha256 TEXT NOT NULL UNIQUE,
     -- Words with blanks between: run read files admin.
     scopes TEXT NOT NULL,
     created_at TEXT NOT NULL
   ) STRICT;

   CREATE TABLE files (
     sequence INTEGER PRIMARY KEY AUTOINCREMENT,
     file_id TEXT NOT NULL UNIQUE,
     media_type TEXT NOT NULL,
     size_bytes INTEGER NOT NULL,
     -- Names the bytes on disk: equal ones are there once.
     sha256 TEXT NOT NULL,
     source TEXT NOT NULL CHECK (source IN ('uploaded', 'generated')),
     app_id TEXT,
     original_name TEXT,
     created_at TEXT NOT NULL
   ) STRICT;
   CREATE INDEX files_sha256 ON files (sha256, size_bytes);
   CREATE INDEX files_created ON files (created_at);
   CREATE INDEX files_media_type ON files (media_type, sequence);
   CREATE INDEX files_source ON files (source, sequence);
   CREATE INDEX files_app_id ON files (app_id, sequence);

   -- Files that a job's inputs name, until it has ended: they are not removed under it.
   CREATE TABLE job_inputs (
     job_id TEXT NOT NULL,
     file_id TEXT NOT NULL,
     PRIMARY KEY (job_id, file_id)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX job_inputs_file ON job_inputs (file_id);
   CREATE TRIGGER jobs_inputs AFTER INSERT ON jobs BEGIN
     INSERT INTO job_inputs (job_id, file_id)
     SELECT DISTINCT new.job_id, value FROM json_each(new.inputs) WHERE type = 'text' AND value GLOB 'fid_*';
   END;
   CREATE TRIGGER jobs_inputs_ended AFTER UPDATE OF state ON jobs
   WHEN new.state IN ('completed', 'failed', 'canceled')
   BEGIN
     DELETE FROM job_inputs WHERE job_id = new.job_id;
   END;
   CREATE TRIGGER jobs_inputs_removed AFTER DELETE ON jobs BEGIN
     DELETE FROM job_inputs WHERE job_id = old.job_id;
   END;`,
];
