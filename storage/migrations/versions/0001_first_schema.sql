-- Tables of the rooms, in the order of their references. Written by tests/checks/first_schema.py.
GRANT USAGE ON SCHEMA public TO sancai_app;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT SELECT ON alembic_version TO sancai_app;

-- The last wall for append-only tables: not even the owner changes a row by accident.
CREATE FUNCTION sancai_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TABLE partitioned_tables (name text COLLATE "C" PRIMARY KEY);

-- Monthly partitions. The owner's right, lent to the application for this one purpose. Rows that came before their
-- month was made stay in the default partition.
CREATE FUNCTION sancai_ensure_partitions(months_ahead integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  parent text;
  first date;
BEGIN
  FOR parent IN SELECT name FROM partitioned_tables LOOP
    FOR ahead IN 0..least(months_ahead, 24) LOOP
      first := (date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => ahead))::date;
      IF to_regclass(format('%s_%s', parent, to_char(first, 'YYYY_MM'))) IS NULL THEN
        BEGIN
          EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
            format('%s_%s', parent, to_char(first, 'YYYY_MM')), parent,
            first::timestamptz, (first + interval '1 month')::timestamptz);
        EXCEPTION WHEN check_violation OR duplicate_table THEN NULL;
        END;
      END IF;
    END LOOP;
  END LOOP;
END $$;

CREATE TABLE authorities (
  id UUID NOT NULL, 
  slug TEXT COLLATE "C" NOT NULL, 
  name_zh TEXT NOT NULL, 
  name_en TEXT NOT NULL, 
  region TEXT COLLATE "C" NOT NULL CONSTRAINT ck_authorities_region CHECK (region ~ '^[1-9][0-9]{5}$'), 
  zone TEXT COLLATE "C" NOT NULL, 
  founded_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  CONSTRAINT pk_authorities PRIMARY KEY (id), 
  CONSTRAINT uq_authorities_slug UNIQUE (slug)
);
GRANT SELECT, INSERT ON authorities TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON authorities FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON authorities FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE deliveries (
  read_id UUID NOT NULL, 
  read_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  first_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  covered INT8MULTIRANGE NOT NULL, 
  CONSTRAINT pk_deliveries PRIMARY KEY (read_id, read_at)
)
 PARTITION BY RANGE (read_at);
CREATE TABLE deliveries_default PARTITION OF deliveries DEFAULT;
INSERT INTO partitioned_tables VALUES ('deliveries');
GRANT SELECT, INSERT, UPDATE ON deliveries TO sancai_app;

CREATE TABLE epochs (
  number SMALLINT NOT NULL, 
  epoch TEXT COLLATE "C" NOT NULL, 
  reason TEXT COLLATE "C" NOT NULL, 
  begun_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  CONSTRAINT pk_epochs PRIMARY KEY (number), 
  CONSTRAINT ck_epochs_reason CHECK (reason IN ('born', 'restored', 'set_back')), 
  CONSTRAINT uq_epochs_epoch UNIQUE (epoch)
);
GRANT SELECT, INSERT ON epochs TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON epochs FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON epochs FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE idempotency_answers (
  party TEXT COLLATE "C" NOT NULL, 
  operation TEXT COLLATE "C" NOT NULL, 
  key TEXT COLLATE "C" NOT NULL, 
  account UUID, 
  body BYTEA NOT NULL, 
  outcome JSONB, 
  answered_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  CONSTRAINT pk_idempotency_answers PRIMARY KEY (party, operation, key)
);
GRANT SELECT, INSERT, UPDATE ON idempotency_answers TO sancai_app;

CREATE TABLE installation (
  singleton SMALLSERIAL NOT NULL CONSTRAINT ck_installation_one_row CHECK (singleton = 1), 
  kind TEXT COLLATE "C" NOT NULL CONSTRAINT ck_installation_kind CHECK (kind IN ('real', 'demo')), 
  origin TEXT COLLATE "C" NOT NULL, 
  born_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  clock_offset INTERVAL DEFAULT '0' NOT NULL, 
  CONSTRAINT pk_installation PRIMARY KEY (singleton), 
  CONSTRAINT ck_installation_a_real_clock_is_not_set CHECK (kind = 'demo' OR clock_offset = '0')
);
GRANT SELECT, INSERT, UPDATE ON installation TO sancai_app;

CREATE TABLE jobs (
  id UUID NOT NULL, 
  created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
  kind TEXT COLLATE "C" NOT NULL, 
  party TEXT COLLATE "C" NOT NULL, 
  payload JSONB NOT NULL, 
  state TEXT COLLATE "C" DEFAULT 'waiting' NOT NULL, 
  attempts SMALLINT DEFAULT '0' NOT NULL, 
  run_after TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
  taken_at TIMESTAMP WITH TIME ZONE, 
  lease_holder TEXT COLLATE "C", 
  lease_until TIMESTAMP WITH TIME ZONE, 
  done_units BIGINT DEFAULT '0' NOT NULL, 
  total_units BIGINT DEFAULT '0' NOT NULL, 
  reason JSONB, 
  ended_at TIMESTAMP WITH TIME ZONE, 
  CONSTRAINT pk_jobs PRIMARY KEY (id, created_at), 
  CONSTRAINT ck_jobs_state CHECK (state IN ('waiting', 'running', 'done', 'parked', 'cancelled')), 
  CONSTRAINT ck_jobs_a_running_job_has_a_lease CHECK ((state = 'running') = (lease_holder IS NOT NULL)), 
  CONSTRAINT ck_jobs_a_parked_job_says_why CHECK (state <> 'parked' OR reason IS NOT NULL)
)
 PARTITION BY RANGE (created_at);
CREATE INDEX ix_jobs_open ON jobs (run_after) WHERE state IN ('waiting', 'running');
CREATE INDEX ix_jobs_served ON jobs (party, taken_at);
CREATE TABLE jobs_default PARTITION OF jobs DEFAULT;
INSERT INTO partitioned_tables VALUES ('jobs');
GRANT SELECT, INSERT, UPDATE ON jobs TO sancai_app;

CREATE TABLE journal_checkpoints (
  size BIGINT NOT NULL, 
  root BYTEA NOT NULL, 
  logged_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  note TEXT NOT NULL, 
  CONSTRAINT pk_journal_checkpoints PRIMARY KEY (size), 
  CONSTRAINT uq_journal_checkpoints_logged_at UNIQUE (logged_at)
);
GRANT SELECT, INSERT ON journal_checkpoints TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON journal_checkpoints FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON journal_checkpoints FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE journal_entries (
  id UUID NOT NULL, 
  decided_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  type TEXT COLLATE "C" NOT NULL, 
  format_version SMALLINT NOT NULL, 
  subject TEXT COLLATE "C" NOT NULL, 
  role TEXT COLLATE "C" NOT NULL, 
  commitment BYTEA NOT NULL CONSTRAINT ck_journal_entries_sha256 CHECK (length(commitment) = 32), 
  CONSTRAINT pk_journal_entries PRIMARY KEY (id, decided_at)
)
 PARTITION BY RANGE (decided_at);
CREATE INDEX ix_journal_entries_subject ON journal_entries (subject);
CREATE TABLE journal_entries_default PARTITION OF journal_entries DEFAULT;
INSERT INTO partitioned_tables VALUES ('journal_entries');
GRANT SELECT, INSERT ON journal_entries TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON journal_entries FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON journal_entries FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE journal_leaves (
  leaf_index BIGINT NOT NULL, 
  entry_id UUID NOT NULL, 
  leaf_hash BYTEA NOT NULL, 
  logged_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  CONSTRAINT pk_journal_leaves PRIMARY KEY (leaf_index), 
  CONSTRAINT uq_journal_leaves_entry_id UNIQUE (entry_id)
);
GRANT SELECT, INSERT ON journal_leaves TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON journal_leaves FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON journal_leaves FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE journal_nodes (
  level SMALLINT NOT NULL, 
  index BIGINT NOT NULL, 
  hash BYTEA NOT NULL, 
  CONSTRAINT pk_journal_nodes PRIMARY KEY (level, index)
);
GRANT SELECT, INSERT ON journal_nodes TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON journal_nodes FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON journal_nodes FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE journal_openings (
  entry_id UUID NOT NULL, 
  salt BYTEA NOT NULL, 
  payload JSONB NOT NULL, 
  CONSTRAINT pk_journal_openings PRIMARY KEY (entry_id)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON journal_openings TO sancai_app;

CREATE TABLE journal_pending (
  entry_id UUID NOT NULL, 
  decided_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  CONSTRAINT pk_journal_pending PRIMARY KEY (entry_id)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON journal_pending TO sancai_app;

CREATE TABLE log_exports (
  kind TEXT COLLATE "C" NOT NULL, 
  subject TEXT COLLATE "C" NOT NULL, 
  digest BYTEA NOT NULL, 
  store TEXT COLLATE "C" NOT NULL, 
  bucket TEXT COLLATE "C" NOT NULL CONSTRAINT ck_log_exports_bucket CHECK (bucket = 'log'), 
  key TEXT COLLATE "C" NOT NULL, 
  version_id TEXT COLLATE "C", 
  retain_until TIMESTAMP WITH TIME ZONE NOT NULL, 
  exported_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  CONSTRAINT pk_log_exports PRIMARY KEY (kind, subject), 
  CONSTRAINT ck_log_exports_kind CHECK (kind IN ('checkpoint', 'dossier'))
);
GRANT SELECT, INSERT ON log_exports TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON log_exports FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON log_exports FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE object_replicas (
  bucket TEXT COLLATE "C" NOT NULL, 
  key TEXT COLLATE "C" NOT NULL, 
  replica TEXT COLLATE "C" NOT NULL, 
  version_id TEXT COLLATE "C", 
  made_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  CONSTRAINT pk_object_replicas PRIMARY KEY (bucket, key, replica)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON object_replicas TO sancai_app;

CREATE TABLE outbox (
  id UUID NOT NULL, 
  created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
  kind TEXT COLLATE "C" NOT NULL, 
  lane TEXT COLLATE "C" NOT NULL, 
  destination TEXT NOT NULL, 
  topic TEXT COLLATE "C" NOT NULL, 
  body JSONB NOT NULL, 
  state TEXT COLLATE "C" DEFAULT 'waiting' NOT NULL, 
  attempts SMALLINT DEFAULT '0' NOT NULL, 
  next_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
  reason TEXT, 
  delivered_at TIMESTAMP WITH TIME ZONE, 
  CONSTRAINT pk_outbox PRIMARY KEY (id, created_at), 
  CONSTRAINT ck_outbox_kind CHECK (kind IN ('webhook', 'mail')), 
  CONSTRAINT ck_outbox_state CHECK (state IN ('waiting', 'delivered', 'parked')), 
  CONSTRAINT ck_outbox_a_parked_message_says_why CHECK (state <> 'parked' OR reason IS NOT NULL), 
  CONSTRAINT ck_outbox_delivered_at CHECK ((state = 'delivered') = (delivered_at IS NOT NULL))
)
 PARTITION BY RANGE (created_at);
CREATE INDEX ix_outbox_lane ON outbox (lane, created_at, id);
CREATE INDEX ix_outbox_waiting ON outbox (kind, lane, next_at) WHERE state = 'waiting';
CREATE TABLE outbox_default PARTITION OF outbox DEFAULT;
INSERT INTO partitioned_tables VALUES ('outbox');
GRANT SELECT, INSERT, UPDATE ON outbox TO sancai_app;

CREATE TABLE outbox_lanes (
  lane TEXT COLLATE "C" NOT NULL, 
  served_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  busy_until TIMESTAMP WITH TIME ZONE, 
  rests_until TIMESTAMP WITH TIME ZONE, 
  failures SMALLINT DEFAULT '0' NOT NULL, 
  slow BOOLEAN DEFAULT 'false' NOT NULL, 
  CONSTRAINT pk_outbox_lanes PRIMARY KEY (lane)
);
GRANT SELECT, INSERT, UPDATE ON outbox_lanes TO sancai_app;

CREATE TABLE quota_figures (
  whose TEXT COLLATE "C" NOT NULL, 
  figures JSONB NOT NULL, 
  set_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  CONSTRAINT pk_quota_figures PRIMARY KEY (whose)
);
GRANT SELECT, INSERT, UPDATE ON quota_figures TO sancai_app;

CREATE TABLE sign_in_failures (
  login_digest BYTEA NOT NULL, 
  address_digest BYTEA NOT NULL, 
  failed_at TIMESTAMP WITH TIME ZONE NOT NULL
);
CREATE INDEX ix_sign_in_failures_failed_at ON sign_in_failures (failed_at);
CREATE INDEX ix_sign_in_failures_login ON sign_in_failures (login_digest, failed_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON sign_in_failures TO sancai_app;

CREATE TABLE sketch_hashes (
  kind TEXT COLLATE "C" NOT NULL, 
  hash BIGINT NOT NULL, 
  version_id UUID NOT NULL, 
  CONSTRAINT pk_sketch_hashes PRIMARY KEY (kind, hash, version_id), 
  CONSTRAINT ck_sketch_hashes_kind CHECK (kind IN ('row', 'column'))
);
GRANT SELECT, INSERT ON sketch_hashes TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON sketch_hashes FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON sketch_hashes FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE stores (
  identity TEXT COLLATE "C" NOT NULL, 
  capabilities JSONB, 
  probed_at TIMESTAMP WITH TIME ZONE, 
  sealed BYTEA, 
  CONSTRAINT pk_stores PRIMARY KEY (identity), 
  CONSTRAINT ck_stores_probed CHECK ((capabilities IS NULL) = (probed_at IS NULL))
);
GRANT SELECT, INSERT, UPDATE, DELETE ON stores TO sancai_app;

CREATE TABLE strays (
  store TEXT COLLATE "C" NOT NULL, 
  bucket TEXT COLLATE "C" NOT NULL, 
  key TEXT COLLATE "C" NOT NULL, 
  size_bytes BIGINT NOT NULL, 
  modified_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  found_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  seen_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  CONSTRAINT pk_strays PRIMARY KEY (store, bucket, key)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON strays TO sancai_app;

CREATE TABLE table_sketches (
  version_id UUID NOT NULL, 
  content BYTEA NOT NULL, 
  sketched_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  CONSTRAINT pk_table_sketches PRIMARY KEY (version_id)
);
GRANT SELECT, INSERT, UPDATE ON table_sketches TO sancai_app;

CREATE TABLE upkeep_runs (
  task TEXT COLLATE "C" NOT NULL, 
  night DATE NOT NULL, 
  begun_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  ended_at TIMESTAMP WITH TIME ZONE, 
  result JSONB, 
  CONSTRAINT pk_upkeep_runs PRIMARY KEY (task, night)
);
GRANT SELECT, INSERT, UPDATE ON upkeep_runs TO sancai_app;

CREATE TABLE usage_digests (
  day DATE NOT NULL, 
  events INTEGER NOT NULL CONSTRAINT ck_usage_digests_events CHECK (events > 0), 
  digest BYTEA NOT NULL, 
  digested_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  CONSTRAINT pk_usage_digests PRIMARY KEY (day)
);
GRANT SELECT, INSERT ON usage_digests TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON usage_digests FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON usage_digests FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE appropriation_documents (
  authority_id UUID NOT NULL, 
  number TEXT NOT NULL, 
  budget_year INTEGER NOT NULL, 
  line TEXT COLLATE "C" NOT NULL, 
  amount BIGINT NOT NULL CONSTRAINT ck_appropriation_documents_amount CHECK (amount > 0), 
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  recorded_by UUID, 
  CONSTRAINT pk_appropriation_documents PRIMARY KEY (authority_id, number), 
  CONSTRAINT fk_appropriation_documents_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT ON appropriation_documents TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON appropriation_documents FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON appropriation_documents FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE appropriations (
  authority_id UUID NOT NULL, 
  budget_year INTEGER NOT NULL, 
  line TEXT COLLATE "C" NOT NULL, 
  appropriated BIGINT NOT NULL, 
  instructed BIGINT NOT NULL, 
  CONSTRAINT pk_appropriations PRIMARY KEY (authority_id, budget_year, line), 
  CONSTRAINT ck_appropriations_instructed_within_appropriation CHECK (instructed BETWEEN 0 AND appropriated), 
  CONSTRAINT fk_appropriations_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT, UPDATE ON appropriations TO sancai_app;

CREATE TABLE erasures (
  id UUID NOT NULL, 
  authority_id UUID NOT NULL, 
  state TEXT COLLATE "C" NOT NULL, 
  reason TEXT NOT NULL, 
  legal_basis TEXT NOT NULL, 
  document_number TEXT NOT NULL, 
  hide_files BOOLEAN NOT NULL, 
  requested_by UUID NOT NULL, 
  requested_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  confirmed_by UUID, 
  confirmed_at TIMESTAMP WITH TIME ZONE, 
  done_at TIMESTAMP WITH TIME ZONE, 
  stuck TEXT COLLATE "C", 
  CONSTRAINT pk_erasures PRIMARY KEY (id), 
  CONSTRAINT ck_erasures_state CHECK (state IN ('requested', 'taken_back', 'confirmed', 'done')), 
  CONSTRAINT ck_erasures_two_officers CHECK (confirmed_by <> requested_by), 
  CONSTRAINT ck_erasures_confirmed_by_somebody CHECK ((state IN ('confirmed', 'done')) = (num_nulls(confirmed_by, confirmed_at) = 0)), 
  CONSTRAINT ck_erasures_done_at CHECK ((state = 'done') = (done_at IS NOT NULL)), 
  CONSTRAINT fk_erasures_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (id) ON DELETE RESTRICT
);
CREATE INDEX ix_erasures_authority ON erasures (authority_id, id);
CREATE INDEX ix_erasures_confirmed ON erasures (id) WHERE state = 'confirmed';
GRANT SELECT, INSERT, UPDATE ON erasures TO sancai_app;

CREATE TABLE firms (
  id UUID NOT NULL, 
  registered_by UUID NOT NULL, 
  registered_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  CONSTRAINT pk_firms PRIMARY KEY (id), 
  CONSTRAINT fk_firms_registered_by FOREIGN KEY(registered_by) REFERENCES authorities (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT, UPDATE ON firms TO sancai_app;

CREATE TABLE leader_lists (
  id UUID NOT NULL, 
  authority_id UUID NOT NULL, 
  valid_from DATE NOT NULL, 
  valid_until DATE, 
  source TEXT NOT NULL, 
  obtained_on DATE NOT NULL, 
  recorded_by UUID, 
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  recorded_until TIMESTAMP WITH TIME ZONE, 
  name TEXT NOT NULL, 
  issuer TEXT NOT NULL, 
  level TEXT COLLATE "C" NOT NULL, 
  sectors TEXT[] COLLATE "C" NOT NULL, 
  batch TEXT NOT NULL, 
  document_digest BYTEA NOT NULL, 
  admission_number TEXT NOT NULL, 
  admission_decided_on DATE NOT NULL, 
  admission_organ TEXT NOT NULL, 
  admission_criteria TEXT NOT NULL, 
  CONSTRAINT pk_leader_lists PRIMARY KEY (id), 
  CONSTRAINT ck_leader_lists_valid_time CHECK (valid_until > valid_from), 
  CONSTRAINT ck_leader_lists_recorded_time CHECK (recorded_until >= recorded_at), 
  CONSTRAINT ck_leader_lists_level CHECK (level IN ('national', 'provincial', 'municipal')), 
  CONSTRAINT fk_leader_lists_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (id) ON DELETE RESTRICT
);
CREATE INDEX ix_leader_lists_authority_id ON leader_lists (authority_id);
CREATE UNIQUE INDEX uq_leader_lists_version ON leader_lists (authority_id, issuer, name, batch) WHERE recorded_until IS NULL;
GRANT SELECT, INSERT, UPDATE ON leader_lists TO sancai_app;

CREATE TABLE ledger_accounts (
  account TEXT COLLATE "C" NOT NULL, 
  authority_id UUID NOT NULL, 
  is_credit BOOLEAN NOT NULL, 
  balance BIGINT NOT NULL CONSTRAINT ck_ledger_accounts_balance CHECK (balance >= 0), 
  CONSTRAINT pk_ledger_accounts PRIMARY KEY (account), 
  CONSTRAINT fk_ledger_accounts_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT, UPDATE ON ledger_accounts TO sancai_app;

CREATE TABLE policies (
  authority_id UUID NOT NULL, 
  document TEXT COLLATE "C" NOT NULL, 
  revision INTEGER NOT NULL, 
  revision_digest BYTEA NOT NULL, 
  issued_on DATE NOT NULL, 
  reference TEXT NOT NULL, 
  loaded_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  loaded_by UUID, 
  CONSTRAINT pk_policies PRIMARY KEY (authority_id, document, revision), 
  CONSTRAINT ck_policies_revision CHECK (revision >= 1), 
  CONSTRAINT fk_policies_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT ON policies TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON policies FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON policies FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE pools (
  id UUID NOT NULL, 
  authority_id UUID NOT NULL, 
  document TEXT COLLATE "C" NOT NULL, 
  name TEXT COLLATE "C" NOT NULL, 
  budget BIGINT NOT NULL CONSTRAINT ck_pools_budget CHECK (budget > 0), 
  used BIGINT NOT NULL CONSTRAINT ck_pools_used_within_budget CHECK (used BETWEEN 0 AND budget), 
  opened_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  opened_by UUID, 
  CONSTRAINT pk_pools PRIMARY KEY (id), 
  CONSTRAINT uq_pools_authority_id_document_name UNIQUE (authority_id, document, name), 
  CONSTRAINT fk_pools_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT, UPDATE ON pools TO sancai_app;

CREATE TABLE rulings (
  id UUID NOT NULL, 
  authority_id UUID NOT NULL, 
  document TEXT COLLATE "C" NOT NULL, 
  assumption TEXT COLLATE "C" NOT NULL, 
  number TEXT NOT NULL, 
  decided_on DATE NOT NULL, 
  organ TEXT NOT NULL, 
  text TEXT NOT NULL, 
  text_digest BYTEA NOT NULL, 
  value JSONB NOT NULL, 
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  recorded_by UUID, 
  CONSTRAINT pk_rulings PRIMARY KEY (id), 
  CONSTRAINT uq_rulings_authority_id_document_assumption_number UNIQUE (authority_id, document, assumption, number), 
  CONSTRAINT fk_rulings_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT ON rulings TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON rulings FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON rulings FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE accounts (
  id UUID NOT NULL, 
  login TEXT COLLATE "C" NOT NULL, 
  display_name TEXT NOT NULL, 
  kind TEXT COLLATE "C" NOT NULL CONSTRAINT ck_accounts_kind CHECK (kind IN ('person', 'service')), 
  firm_id UUID, 
  authority_id UUID, 
  roles TEXT[] COLLATE "C" NOT NULL, 
  state TEXT COLLATE "C" NOT NULL CONSTRAINT ck_accounts_state CHECK (state IN ('invited', 'active', 'ended')), 
  password_hash TEXT, 
  secret_digest BYTEA, 
  activation_digest BYTEA, 
  activation_expires_at TIMESTAMP WITH TIME ZONE, 
  created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  created_by UUID, 
  ended_at TIMESTAMP WITH TIME ZONE, 
  ended_by UUID, 
  CONSTRAINT pk_accounts PRIMARY KEY (id), 
  CONSTRAINT ck_accounts_one_home CHECK (num_nonnulls(firm_id, authority_id) = 1), 
  CONSTRAINT ck_accounts_some_role CHECK (cardinality(roles) > 0), 
  CONSTRAINT ck_accounts_review_and_pay_are_apart CHECK (NOT ('payer' = ANY (roles) AND roles && ARRAY['registrar', 'reviewer', 'section_head', 'leader_in_charge', 'principal_leader'])), 
  CONSTRAINT ck_accounts_ended_when CHECK ((state = 'ended') = (ended_at IS NOT NULL)), 
  CONSTRAINT uq_accounts_login UNIQUE (login), 
  CONSTRAINT fk_accounts_firm_id FOREIGN KEY(firm_id) REFERENCES firms (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_accounts_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_accounts_created_by FOREIGN KEY(created_by) REFERENCES accounts (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_accounts_ended_by FOREIGN KEY(ended_by) REFERENCES accounts (id) ON DELETE RESTRICT
);
CREATE INDEX ix_accounts_authority_id ON accounts (authority_id);
CREATE INDEX ix_accounts_firm_id ON accounts (firm_id);
GRANT SELECT, INSERT, UPDATE ON accounts TO sancai_app;

CREATE TABLE control_lines (
  id UUID NOT NULL, 
  authority_id UUID NOT NULL, 
  valid_from DATE NOT NULL, 
  valid_until DATE, 
  source TEXT NOT NULL, 
  obtained_on DATE NOT NULL, 
  recorded_by UUID, 
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  recorded_until TIMESTAMP WITH TIME ZONE, 
  holder_id UUID NOT NULL, 
  held_id UUID NOT NULL, 
  kind TEXT COLLATE "C" NOT NULL, 
  share_bp SMALLINT NOT NULL, 
  CONSTRAINT pk_control_lines PRIMARY KEY (id), 
  CONSTRAINT ck_control_lines_valid_time CHECK (valid_until > valid_from), 
  CONSTRAINT ck_control_lines_recorded_time CHECK (recorded_until >= recorded_at), 
  CONSTRAINT ck_control_lines_kind CHECK (kind IN ('equity', 'family', 'directors', 'loan')), 
  CONSTRAINT ck_control_lines_two_firms CHECK (holder_id <> held_id), 
  CONSTRAINT ck_control_lines_share CHECK (CASE kind WHEN 'equity' THEN share_bp BETWEEN 1 AND 10000 ELSE share_bp = 0 END), 
  CONSTRAINT fk_control_lines_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_control_lines_holder_id FOREIGN KEY(holder_id) REFERENCES firms (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_control_lines_held_id FOREIGN KEY(held_id) REFERENCES firms (id) ON DELETE RESTRICT
);
CREATE INDEX ix_control_lines_authority_id ON control_lines (authority_id);
CREATE INDEX ix_control_lines_held_id ON control_lines (held_id);
CREATE INDEX ix_control_lines_holder_id ON control_lines (holder_id);
GRANT SELECT, INSERT, UPDATE ON control_lines TO sancai_app;

CREATE TABLE datasets (
  id UUID NOT NULL, 
  name TEXT COLLATE "C" NOT NULL, 
  publisher UUID NOT NULL, 
  title TEXT NOT NULL, 
  description TEXT NOT NULL, 
  sector TEXT COLLATE "C" NOT NULL, 
  licence TEXT COLLATE "C" NOT NULL, 
  access TEXT COLLATE "C" NOT NULL, 
  keywords TEXT[] NOT NULL, 
  created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  newest INTEGER, 
  deprecation JSONB, 
  CONSTRAINT pk_datasets PRIMARY KEY (id), 
  CONSTRAINT ck_datasets_sector CHECK (sector IN ('smart_mining', 'new_energy', 'cultural_tourism', 'modern_agriculture', 'energy', 'manufacturing', 'transport', 'medical', 'education', 'science', 'government', 'finance', 'communication', 'other')), 
  CONSTRAINT ck_datasets_access CHECK (access IN ('public', 'terms', 'gated')), 
  CONSTRAINT ck_datasets_newest CHECK (newest > 0), 
  CONSTRAINT fk_datasets_publisher FOREIGN KEY(publisher) REFERENCES firms (id) ON DELETE RESTRICT
);
CREATE INDEX ix_datasets_publisher ON datasets (publisher);
GRANT SELECT, INSERT, UPDATE ON datasets TO sancai_app;

CREATE TABLE fact_lines (
  id UUID NOT NULL, 
  authority_id UUID NOT NULL, 
  valid_from DATE NOT NULL, 
  valid_until DATE, 
  source TEXT NOT NULL, 
  obtained_on DATE NOT NULL, 
  recorded_by UUID, 
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  recorded_until TIMESTAMP WITH TIME ZONE, 
  firm_id UUID NOT NULL, 
  predicate TEXT COLLATE "C" NOT NULL, 
  finding TEXT COLLATE "C" NOT NULL, 
  CONSTRAINT pk_fact_lines PRIMARY KEY (id), 
  CONSTRAINT ck_fact_lines_valid_time CHECK (valid_until > valid_from), 
  CONSTRAINT ck_fact_lines_recorded_time CHECK (recorded_until >= recorded_at), 
  CONSTRAINT ck_fact_lines_predicate CHECK (predicate IN ('data_annotation_firm', 'operates_in_region', 'credit_clean')), 
  CONSTRAINT ck_fact_lines_finding CHECK (finding IN ('true', 'false', 'unknown')), 
  CONSTRAINT fk_fact_lines_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_fact_lines_firm_id FOREIGN KEY(firm_id) REFERENCES firms (id) ON DELETE RESTRICT
);
CREATE INDEX ix_fact_lines_authority_id ON fact_lines (authority_id);
CREATE INDEX ix_fact_lines_firm_id ON fact_lines (firm_id);
GRANT SELECT, INSERT, UPDATE ON fact_lines TO sancai_app;

CREATE TABLE firm_codes (
  uscc TEXT COLLATE "C" NOT NULL CONSTRAINT ck_firm_codes_uscc CHECK (uscc ~ '^[0-9A-Z]{18}$'), 
  firm_id UUID NOT NULL, 
  CONSTRAINT pk_firm_codes PRIMARY KEY (uscc), 
  CONSTRAINT fk_firm_codes_firm_id FOREIGN KEY(firm_id) REFERENCES firms (id) ON DELETE RESTRICT
);
CREATE INDEX ix_firm_codes_firm_id ON firm_codes (firm_id);
GRANT SELECT, INSERT ON firm_codes TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON firm_codes FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON firm_codes FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE firm_years (
  authority_id UUID NOT NULL, 
  firm_id UUID NOT NULL, 
  "group" TEXT COLLATE "C" NOT NULL, 
  year INTEGER NOT NULL, 
  cap BIGINT NOT NULL, 
  base BIGINT NOT NULL CONSTRAINT ck_firm_years_base CHECK (base >= 0), 
  used BIGINT NOT NULL CONSTRAINT ck_firm_years_used_within_cap CHECK (used BETWEEN 0 AND cap), 
  CONSTRAINT pk_firm_years PRIMARY KEY (authority_id, firm_id, "group", year), 
  CONSTRAINT fk_firm_years_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_firm_years_firm_id FOREIGN KEY(firm_id) REFERENCES firms (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT, UPDATE ON firm_years TO sancai_app;

CREATE TABLE leader_entries (
  list_id UUID NOT NULL, 
  uscc TEXT COLLATE "C" NOT NULL, 
  name TEXT NOT NULL, 
  CONSTRAINT pk_leader_entries PRIMARY KEY (list_id, uscc), 
  CONSTRAINT fk_leader_entries_list_id FOREIGN KEY(list_id) REFERENCES leader_lists (id) ON DELETE RESTRICT
);
CREATE INDEX ix_leader_entries_uscc ON leader_entries (uscc);
GRANT SELECT, INSERT ON leader_entries TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON leader_entries FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON leader_entries FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE leader_withdrawals (
  list_id UUID NOT NULL, 
  uscc TEXT COLLATE "C" NOT NULL, 
  withdrawn_on DATE NOT NULL, 
  reason TEXT NOT NULL, 
  recorded_by UUID, 
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  CONSTRAINT pk_leader_withdrawals PRIMARY KEY (list_id, uscc), 
  CONSTRAINT fk_leader_withdrawals_list_id FOREIGN KEY(list_id) REFERENCES leader_lists (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT ON leader_withdrawals TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON leader_withdrawals FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON leader_withdrawals FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE ledger_postings (
  id UUID NOT NULL, 
  debit TEXT COLLATE "C" NOT NULL, 
  credit TEXT COLLATE "C" NOT NULL, 
  amount BIGINT NOT NULL CONSTRAINT ck_ledger_postings_amount CHECK (amount > 0), 
  subject TEXT COLLATE "C" NOT NULL, 
  posted_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  CONSTRAINT pk_ledger_postings PRIMARY KEY (id), 
  CONSTRAINT ck_ledger_postings_two_accounts CHECK (debit <> credit), 
  CONSTRAINT fk_ledger_postings_debit FOREIGN KEY(debit) REFERENCES ledger_accounts (account) ON DELETE RESTRICT, 
  CONSTRAINT fk_ledger_postings_credit FOREIGN KEY(credit) REFERENCES ledger_accounts (account) ON DELETE RESTRICT
);
CREATE INDEX ix_ledger_postings_credit ON ledger_postings (credit);
CREATE INDEX ix_ledger_postings_debit ON ledger_postings (debit);
CREATE INDEX ix_ledger_postings_subject ON ledger_postings (subject);
GRANT SELECT, INSERT ON ledger_postings TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger_postings FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON ledger_postings FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE namespaces (
  key TEXT COLLATE "C" NOT NULL, 
  name TEXT COLLATE "C" NOT NULL, 
  firm UUID NOT NULL, 
  taken_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  CONSTRAINT pk_namespaces PRIMARY KEY (key), 
  CONSTRAINT ck_namespaces_key CHECK (key = lower(name)), 
  CONSTRAINT fk_namespaces_firm FOREIGN KEY(firm) REFERENCES firms (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT ON namespaces TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON namespaces FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON namespaces FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE provider_lines (
  id UUID NOT NULL, 
  authority_id UUID NOT NULL, 
  valid_from DATE NOT NULL, 
  valid_until DATE, 
  source TEXT NOT NULL, 
  obtained_on DATE NOT NULL, 
  recorded_by UUID, 
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  recorded_until TIMESTAMP WITH TIME ZONE, 
  firm_id UUID NOT NULL, 
  kind TEXT COLLATE "C" NOT NULL, 
  licence_number TEXT NOT NULL, 
  CONSTRAINT pk_provider_lines PRIMARY KEY (id), 
  CONSTRAINT ck_provider_lines_valid_time CHECK (valid_until > valid_from), 
  CONSTRAINT ck_provider_lines_recorded_time CHECK (recorded_until >= recorded_at), 
  CONSTRAINT ck_provider_lines_kind CHECK (kind IN ('data_exchange', 'compute_centre', 'quality_laboratory')), 
  CONSTRAINT fk_provider_lines_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_provider_lines_firm_id FOREIGN KEY(firm_id) REFERENCES firms (id) ON DELETE RESTRICT
);
CREATE INDEX ix_provider_lines_authority_id ON provider_lines (authority_id);
CREATE INDEX ix_provider_lines_firm_id ON provider_lines (firm_id);
GRANT SELECT, INSERT, UPDATE ON provider_lines TO sancai_app;

CREATE TABLE quota_counters (
  firm_id UUID NOT NULL, 
  bytes_counted BIGINT NOT NULL, 
  day DATE NOT NULL, 
  uploads_on_day BIGINT NOT NULL, 
  CONSTRAINT pk_quota_counters PRIMARY KEY (firm_id), 
  CONSTRAINT ck_quota_counters_not_negative CHECK (bytes_counted >= 0 AND uploads_on_day >= 0), 
  CONSTRAINT fk_quota_counters_firm_id FOREIGN KEY(firm_id) REFERENCES firms (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT, UPDATE ON quota_counters TO sancai_app;

CREATE TABLE sanction_lines (
  id UUID NOT NULL, 
  authority_id UUID NOT NULL, 
  valid_from DATE NOT NULL, 
  valid_until DATE, 
  source TEXT NOT NULL, 
  obtained_on DATE NOT NULL, 
  recorded_by UUID, 
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  recorded_until TIMESTAMP WITH TIME ZONE, 
  firm_id UUID NOT NULL, 
  organ TEXT NOT NULL, 
  document_number TEXT NOT NULL, 
  legal_basis TEXT NOT NULL, 
  scope TEXT[] COLLATE "C" NOT NULL, 
  served_on DATE NOT NULL, 
  statement TEXT NOT NULL, 
  CONSTRAINT pk_sanction_lines PRIMARY KEY (id), 
  CONSTRAINT ck_sanction_lines_valid_time CHECK (valid_until > valid_from), 
  CONSTRAINT ck_sanction_lines_recorded_time CHECK (recorded_until >= recorded_at), 
  CONSTRAINT ck_sanction_lines_served CHECK (valid_from >= served_on), 
  CONSTRAINT fk_sanction_lines_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_sanction_lines_firm_id FOREIGN KEY(firm_id) REFERENCES firms (id) ON DELETE RESTRICT
);
CREATE INDEX ix_sanction_lines_authority_id ON sanction_lines (authority_id);
CREATE INDEX ix_sanction_lines_firm_id ON sanction_lines (firm_id);
GRANT SELECT, INSERT, UPDATE ON sanction_lines TO sancai_app;

CREATE TABLE uploads (
  id UUID NOT NULL, 
  purpose TEXT COLLATE "C" NOT NULL, 
  owner_firm UUID, 
  owner_authority UUID, 
  size_bytes BIGINT NOT NULL, 
  state TEXT COLLATE "C" NOT NULL, 
  ref TEXT, 
  digest BYTEA, 
  created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  completing_at TIMESTAMP WITH TIME ZONE, 
  swept_at TIMESTAMP WITH TIME ZONE, 
  CONSTRAINT pk_uploads PRIMARY KEY (id), 
  CONSTRAINT ck_uploads_purpose CHECK (purpose IN ('dataset', 'evidence')), 
  CONSTRAINT ck_uploads_state CHECK (state IN ('open', 'completing', 'received', 'aborted', 'expired')), 
  CONSTRAINT ck_uploads_one_owner CHECK (num_nonnulls(owner_firm, owner_authority) = 1), 
  CONSTRAINT ck_uploads_size_bytes CHECK (size_bytes BETWEEN 0 AND 5497558138880), 
  CONSTRAINT ck_uploads_received_has_digest CHECK (state <> 'received' OR digest IS NOT NULL), 
  CONSTRAINT fk_uploads_owner_firm FOREIGN KEY(owner_firm) REFERENCES firms (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_uploads_owner_authority FOREIGN KEY(owner_authority) REFERENCES authorities (id) ON DELETE RESTRICT
);
CREATE INDEX ix_uploads_counted ON uploads (owner_firm) WHERE state IN ('open', 'completing', 'received');
CREATE INDEX ix_uploads_unfinished ON uploads (expires_at) WHERE swept_at IS NULL;
GRANT SELECT, INSERT, UPDATE ON uploads TO sancai_app;

CREATE TABLE announcements (
  id UUID NOT NULL, 
  announced_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  topic TEXT COLLATE "C" NOT NULL, 
  subject TEXT COLLATE "C" NOT NULL, 
  dataset_id UUID, 
  namespace TEXT COLLATE "C", 
  data JSONB NOT NULL, 
  CONSTRAINT pk_announcements PRIMARY KEY (id), 
  CONSTRAINT fk_announcements_dataset_id FOREIGN KEY(dataset_id) REFERENCES datasets (id) ON DELETE RESTRICT
);
CREATE INDEX ix_announcements_dataset_id ON announcements (dataset_id, announced_at, id);
CREATE INDEX ix_announcements_namespace ON announcements (namespace, announced_at, id);
CREATE INDEX ix_announcements_topic ON announcements (topic, announced_at, id);
GRANT SELECT, INSERT, UPDATE ON announcements TO sancai_app;

CREATE TABLE blobs (
  id UUID NOT NULL, 
  digest BYTEA NOT NULL, 
  size_bytes BIGINT NOT NULL, 
  store TEXT COLLATE "C" NOT NULL, 
  bucket TEXT COLLATE "C" NOT NULL, 
  key TEXT COLLATE "C" NOT NULL, 
  version_id TEXT COLLATE "C", 
  offset_bytes BIGINT DEFAULT '0' NOT NULL, 
  length_bytes BIGINT NOT NULL, 
  upload_id UUID NOT NULL, 
  state TEXT COLLATE "C" DEFAULT 'verified' NOT NULL, 
  verified_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  scrubbed_at TIMESTAMP WITH TIME ZONE, 
  condemned_at TIMESTAMP WITH TIME ZONE, 
  gone_at TIMESTAMP WITH TIME ZONE, 
  retained_until TIMESTAMP WITH TIME ZONE, 
  CONSTRAINT pk_blobs PRIMARY KEY (id), 
  CONSTRAINT ck_blobs_state CHECK (state IN ('verified', 'condemned', 'deleting', 'gone', 'damaged')), 
  CONSTRAINT ck_blobs_store CHECK (store = 'local' OR store ~ '^(s3|file)://.+$'), 
  CONSTRAINT ck_blobs_bucket CHECK (bucket IN ('published', 'evidence')), 
  CONSTRAINT ck_blobs_range CHECK (offset_bytes >= 0 AND length_bytes = size_bytes), 
  CONSTRAINT fk_blobs_upload_id FOREIGN KEY(upload_id) REFERENCES uploads (id) ON DELETE RESTRICT
);
CREATE INDEX ix_blobs_digest ON blobs (digest);
CREATE INDEX ix_blobs_upload_id ON blobs (upload_id);
CREATE UNIQUE INDEX uq_blobs_place ON blobs (store, bucket, key, offset_bytes);
GRANT SELECT, INSERT, UPDATE ON blobs TO sancai_app;

CREATE TABLE cases (
  id UUID NOT NULL, 
  authority_id UUID NOT NULL, 
  kind TEXT COLLATE "C" NOT NULL CONSTRAINT ck_cases_kind CHECK (kind IN ('award', 'voucher_batch')), 
  document TEXT COLLATE "C" NOT NULL, 
  instrument TEXT COLLATE "C" NOT NULL, 
  dataset_id UUID, 
  state TEXT COLLATE "C" NOT NULL CONSTRAINT ck_cases_state CHECK (state IN ('applied', 'reviewed', 'instructed', 'paid', 'returned', 'refused', 'withdrawn')), 
  applicant UUID, 
  applied_by UUID NOT NULL, 
  applied_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  revision BYTEA NOT NULL, 
  facts_digest BYTEA NOT NULL, 
  sign_off_levels JSONB NOT NULL, 
  notice_days SMALLINT NOT NULL CONSTRAINT ck_cases_notice_days CHECK (notice_days >= 1), 
  entry_id UUID NOT NULL, 
  CONSTRAINT pk_cases PRIMARY KEY (id), 
  CONSTRAINT ck_cases_award_has_dataset CHECK ((kind = 'award') = (dataset_id IS NOT NULL AND applicant IS NOT NULL)), 
  CONSTRAINT fk_cases_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_cases_dataset_id FOREIGN KEY(dataset_id) REFERENCES datasets (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_cases_applicant FOREIGN KEY(applicant) REFERENCES firms (id) ON DELETE RESTRICT
);
CREATE INDEX ix_cases_authority ON cases (authority_id, applied_at);
CREATE UNIQUE INDEX uq_cases_one_award_per_lineage ON cases (authority_id, instrument, dataset_id) WHERE kind = 'award' AND state NOT IN ('refused', 'withdrawn');
GRANT SELECT, INSERT, UPDATE ON cases TO sancai_app;

CREATE TABLE dataset_names (
  key TEXT COLLATE "C" NOT NULL, 
  dataset_id UUID NOT NULL, 
  named_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  CONSTRAINT pk_dataset_names PRIMARY KEY (key), 
  CONSTRAINT fk_dataset_names_dataset_id FOREIGN KEY(dataset_id) REFERENCES datasets (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT ON dataset_names TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON dataset_names FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON dataset_names FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE device_requests (
  device_digest BYTEA NOT NULL, 
  user_code TEXT COLLATE "C" NOT NULL, 
  client_id TEXT COLLATE "C" NOT NULL, 
  scopes TEXT[] COLLATE "C" NOT NULL, 
  state TEXT COLLATE "C" NOT NULL CONSTRAINT ck_device_requests_state CHECK (state IN ('pending', 'approved', 'denied')), 
  account_id UUID, 
  created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  last_polled_at TIMESTAMP WITH TIME ZONE, 
  CONSTRAINT pk_device_requests PRIMARY KEY (device_digest), 
  CONSTRAINT ck_device_requests_answered_by CHECK ((state = 'pending') = (account_id IS NULL)), 
  CONSTRAINT uq_device_requests_user_code UNIQUE (user_code), 
  CONSTRAINT fk_device_requests_account_id FOREIGN KEY(account_id) REFERENCES accounts (id) ON DELETE RESTRICT
);
CREATE INDEX ix_device_requests_expires_at ON device_requests (expires_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON device_requests TO sancai_app;

CREATE TABLE firm_lines (
  id UUID NOT NULL, 
  authority_id UUID NOT NULL, 
  valid_from DATE, 
  valid_until DATE, 
  source TEXT NOT NULL, 
  obtained_on DATE NOT NULL, 
  recorded_by UUID, 
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  recorded_until TIMESTAMP WITH TIME ZONE, 
  firm_id UUID NOT NULL, 
  uscc TEXT COLLATE "C" NOT NULL, 
  name TEXT NOT NULL, 
  region TEXT COLLATE "C" NOT NULL CONSTRAINT ck_firm_lines_region CHECK (region ~ '^[1-9][0-9]{5}$'), 
  kind TEXT COLLATE "C" NOT NULL, 
  CONSTRAINT pk_firm_lines PRIMARY KEY (id), 
  CONSTRAINT ck_firm_lines_valid_time CHECK (valid_until > valid_from), 
  CONSTRAINT ck_firm_lines_recorded_time CHECK (recorded_until >= recorded_at), 
  CONSTRAINT ck_firm_lines_kind CHECK (kind IN ('enterprise', 'organ_of_state', 'state_holder', 'institution')), 
  CONSTRAINT fk_firm_lines_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_firm_lines_firm_id FOREIGN KEY(firm_id) REFERENCES firms (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_firm_lines_uscc FOREIGN KEY(uscc) REFERENCES firm_codes (uscc) ON DELETE RESTRICT
);
CREATE INDEX ix_firm_lines_authority_id ON firm_lines (authority_id);
CREATE INDEX ix_firm_lines_firm_id ON firm_lines (firm_id);
GRANT SELECT, INSERT, UPDATE ON firm_lines TO sancai_app;

CREATE TABLE follows (
  dataset_id UUID NOT NULL, 
  account_id UUID NOT NULL, 
  followed_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  CONSTRAINT pk_follows PRIMARY KEY (dataset_id, account_id), 
  CONSTRAINT fk_follows_dataset_id FOREIGN KEY(dataset_id) REFERENCES datasets (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_follows_account_id FOREIGN KEY(account_id) REFERENCES accounts (id) ON DELETE RESTRICT
);
CREATE INDEX ix_follows_account_id_dataset_id ON follows (account_id, dataset_id);
GRANT SELECT, INSERT, UPDATE, DELETE ON follows TO sancai_app;

CREATE TABLE grant_requests (
  id UUID NOT NULL, 
  dataset_id UUID NOT NULL, 
  firm UUID NOT NULL, 
  account_id UUID NOT NULL, 
  purpose TEXT NOT NULL, 
  contact TEXT NOT NULL, 
  state TEXT COLLATE "C" NOT NULL, 
  asked_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  answered_at TIMESTAMP WITH TIME ZONE, 
  answered_by UUID, 
  ends_at TIMESTAMP WITH TIME ZONE, 
  reason TEXT, 
  CONSTRAINT pk_grant_requests PRIMARY KEY (id), 
  CONSTRAINT ck_grant_requests_state CHECK (state IN ('asked', 'granted', 'refused', 'taken_back', 'ended')), 
  CONSTRAINT ck_grant_requests_an_adverse_answer_says_why CHECK (state NOT IN ('refused', 'ended') OR reason IS NOT NULL), 
  CONSTRAINT ck_grant_requests_ended_at CHECK (state <> 'ended' OR ends_at IS NOT NULL), 
  CONSTRAINT fk_grant_requests_dataset_id FOREIGN KEY(dataset_id) REFERENCES datasets (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_grant_requests_firm FOREIGN KEY(firm) REFERENCES firms (id) ON DELETE RESTRICT
);
CREATE INDEX ix_grant_requests_dataset ON grant_requests (dataset_id, id);
CREATE INDEX ix_grant_requests_firm ON grant_requests (firm, id);
CREATE UNIQUE INDEX uq_grant_requests_asked ON grant_requests (dataset_id, firm) WHERE state = 'asked';
GRANT SELECT, INSERT, UPDATE ON grant_requests TO sancai_app;

CREATE TABLE grants (
  order_id UUID NOT NULL, 
  dataset_id UUID NOT NULL, 
  firm UUID NOT NULL, 
  granted_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  ended_at TIMESTAMP WITH TIME ZONE, 
  CONSTRAINT pk_grants PRIMARY KEY (order_id), 
  CONSTRAINT fk_grants_dataset_id FOREIGN KEY(dataset_id) REFERENCES datasets (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_grants_firm FOREIGN KEY(firm) REFERENCES firms (id) ON DELETE RESTRICT
);
CREATE INDEX ix_grants_firm ON grants (firm, dataset_id);
GRANT SELECT, INSERT, UPDATE ON grants TO sancai_app;

CREATE TABLE mail_addresses (
  account_id UUID NOT NULL, 
  address TEXT NOT NULL, 
  language TEXT COLLATE "C" NOT NULL, 
  topics TEXT[] COLLATE "C", 
  stated_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  verified_at TIMESTAMP WITH TIME ZONE, 
  unsubscribed_at TIMESTAMP WITH TIME ZONE, 
  codes_sent SMALLINT DEFAULT '1' NOT NULL, 
  CONSTRAINT pk_mail_addresses PRIMARY KEY (account_id), 
  CONSTRAINT ck_mail_addresses_language CHECK (language IN ('zh', 'en')), 
  CONSTRAINT fk_mail_addresses_account_id FOREIGN KEY(account_id) REFERENCES accounts (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT, UPDATE, DELETE ON mail_addresses TO sancai_app;

CREATE TABLE provider_certificates (
  provider_id UUID NOT NULL, 
  kind TEXT COLLATE "C" NOT NULL, 
  number TEXT NOT NULL, 
  valid_from DATE NOT NULL, 
  valid_until DATE, 
  CONSTRAINT pk_provider_certificates PRIMARY KEY (provider_id, kind, number, valid_from), 
  CONSTRAINT ck_provider_certificates_valid_time CHECK (valid_until > valid_from), 
  CONSTRAINT fk_provider_certificates_provider_id FOREIGN KEY(provider_id) REFERENCES provider_lines (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT ON provider_certificates TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON provider_certificates FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON provider_certificates FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE search (
  dataset_id UUID NOT NULL, 
  tokens TSVECTOR NOT NULL, 
  sector TEXT COLLATE "C" NOT NULL, 
  licence TEXT COLLATE "C" NOT NULL, 
  key_industry TEXT COLLATE "C", 
  formats TEXT[] COLLATE "C" NOT NULL, 
  price TEXT COLLATE "C" DEFAULT 'free' NOT NULL, 
  price_fen BIGINT, 
  adopters INTEGER DEFAULT '0' NOT NULL, 
  published_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  CONSTRAINT pk_search PRIMARY KEY (dataset_id), 
  CONSTRAINT ck_search_price_fen CHECK ((price = 'paid') = (price_fen IS NOT NULL)), 
  CONSTRAINT ck_search_price CHECK (price IN ('free', 'paid')), 
  CONSTRAINT fk_search_dataset_id FOREIGN KEY(dataset_id) REFERENCES datasets (id) ON DELETE RESTRICT
);
CREATE INDEX ix_search_order ON search (adopters, dataset_id);
CREATE INDEX ix_search_sector ON search (sector, adopters, dataset_id);
CREATE INDEX ix_search_tokens ON search USING gin (tokens);
ALTER TABLE search ALTER COLUMN tokens SET STATISTICS 1000;
GRANT SELECT, INSERT, UPDATE, DELETE ON search TO sancai_app;

CREATE TABLE staff_accesses (
  id UUID NOT NULL, 
  dataset_id UUID NOT NULL, 
  authority_id UUID NOT NULL, 
  account_id UUID NOT NULL, 
  reason TEXT NOT NULL, 
  case_id UUID, 
  opened_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  ends_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  CONSTRAINT pk_staff_accesses PRIMARY KEY (id), 
  CONSTRAINT ck_staff_accesses_ends_within_14_days CHECK (ends_at BETWEEN opened_at AND opened_at + interval '14 days'), 
  CONSTRAINT fk_staff_accesses_dataset_id FOREIGN KEY(dataset_id) REFERENCES datasets (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_staff_accesses_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (id) ON DELETE RESTRICT
);
CREATE INDEX ix_staff_accesses_account ON staff_accesses (account_id, dataset_id);
CREATE INDEX ix_staff_accesses_dataset ON staff_accesses (dataset_id, id);
GRANT SELECT, INSERT, UPDATE ON staff_accesses TO sancai_app;

CREATE TABLE terms (
  dataset_id UUID NOT NULL, 
  number INTEGER NOT NULL, 
  text TEXT, 
  digest BYTEA, 
  set_by UUID, 
  set_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  CONSTRAINT pk_terms PRIMARY KEY (dataset_id, number), 
  CONSTRAINT ck_terms_number CHECK (number > 0), 
  CONSTRAINT ck_terms_text_has_digest CHECK ((text IS NULL) = (digest IS NULL)), 
  CONSTRAINT fk_terms_dataset_id FOREIGN KEY(dataset_id) REFERENCES datasets (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT ON terms TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON terms FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON terms FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE tokens (
  id UUID NOT NULL, 
  account_id UUID NOT NULL, 
  kind TEXT COLLATE "C" NOT NULL CONSTRAINT ck_tokens_kind CHECK (kind IN ('personal', 'client', 'device')), 
  label TEXT NOT NULL, 
  digest BYTEA NOT NULL, 
  scopes TEXT[] COLLATE "C" NOT NULL, 
  datasets UUID[], 
  created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  ended_at TIMESTAMP WITH TIME ZONE, 
  CONSTRAINT pk_tokens PRIMARY KEY (id), 
  CONSTRAINT fk_tokens_account_id FOREIGN KEY(account_id) REFERENCES accounts (id) ON DELETE RESTRICT, 
  CONSTRAINT uq_tokens_digest UNIQUE (digest)
);
CREATE INDEX ix_tokens_account_id_id ON tokens (account_id, id);
GRANT SELECT, INSERT, UPDATE ON tokens TO sancai_app;

CREATE TABLE versions (
  id UUID NOT NULL, 
  dataset_id UUID NOT NULL, 
  number INTEGER, 
  state TEXT COLLATE "C" NOT NULL, 
  message TEXT NOT NULL, 
  origin TEXT COLLATE "C" NOT NULL, 
  source TEXT NOT NULL, 
  source_url TEXT, 
  source_licence TEXT, 
  earlier_publications JSONB NOT NULL, 
  contributors JSONB NOT NULL, 
  grade TEXT COLLATE "C" NOT NULL, 
  stated_grade TEXT COLLATE "C" NOT NULL, 
  grade_assessed BOOLEAN DEFAULT 'false' NOT NULL, 
  desensitised BOOLEAN NOT NULL, 
  embargo_until TIMESTAMP WITH TIME ZONE, 
  rights JSONB DEFAULT '[]' NOT NULL, 
  registrations JSONB DEFAULT '[]' NOT NULL, 
  industry TEXT COLLATE "C", 
  key_industry TEXT COLLATE "C", 
  deprecation JSONB, 
  files INTEGER DEFAULT '0' NOT NULL, 
  size_bytes BIGINT DEFAULT '0' NOT NULL, 
  rows BIGINT, 
  report JSONB NOT NULL, 
  faults JSONB NOT NULL, 
  overlap JSONB NOT NULL, 
  new_share_bp SMALLINT, 
  content_digest BYTEA, 
  manifest_digest BYTEA, 
  envelope TEXT, 
  job_id UUID, 
  created_by UUID, 
  created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  published_at TIMESTAMP WITH TIME ZONE, 
  withdrawn_reason TEXT, 
  CONSTRAINT pk_versions PRIMARY KEY (id), 
  CONSTRAINT ck_versions_state CHECK (state IN ('open', 'verifying', 'verified', 'faulty', 'abandoned', 'published', 'withdrawn', 'recalled', 'erased')), 
  CONSTRAINT ck_versions_origin CHECK (origin IN ('enterprise', 'third_party', 'self_built')), 
  CONSTRAINT ck_versions_grade CHECK (grade IN ('general', 'important', 'core')), 
  CONSTRAINT ck_versions_stated_grade CHECK (stated_grade IN ('general', 'important', 'core')), 
  CONSTRAINT ck_versions_key_industry CHECK (key_industry IN ('transport', 'health', 'education', 'culture_tourism', 'manufacturing', 'smart_energy', 'urban_governance', 'emergency_management', 'agriculture', 'finance_economy', 'commerce', 'meteorology', 'internet_governance')), 
  CONSTRAINT ck_versions_new_share CHECK (new_share_bp BETWEEN 0 AND 10000), 
  CONSTRAINT ck_versions_published_is_whole CHECK ((state IN ('published', 'withdrawn', 'recalled', 'erased')) = (num_nulls(number, content_digest, manifest_digest, envelope, published_at) = 0)), 
  CONSTRAINT uq_versions_dataset_id_number UNIQUE (dataset_id, number), 
  CONSTRAINT fk_versions_dataset_id FOREIGN KEY(dataset_id) REFERENCES datasets (id) ON DELETE RESTRICT
);
CREATE INDEX ix_versions_content ON versions (content_digest, dataset_id);
CREATE INDEX ix_versions_drafts ON versions (dataset_id) WHERE number IS NULL AND state <> 'abandoned';
GRANT SELECT, INSERT, UPDATE ON versions TO sancai_app;

CREATE TABLE webhooks (
  id UUID NOT NULL, 
  firm_id UUID, 
  authority_id UUID, 
  url TEXT NOT NULL, 
  description TEXT NOT NULL, 
  topics TEXT[] COLLATE "C" NOT NULL, 
  by_dataset BOOLEAN NOT NULL, 
  state TEXT COLLATE "C" NOT NULL, 
  generation SMALLINT DEFAULT '1' NOT NULL, 
  created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  created_by UUID, 
  rotated_at TIMESTAMP WITH TIME ZONE, 
  disabled_at TIMESTAMP WITH TIME ZONE, 
  CONSTRAINT pk_webhooks PRIMARY KEY (id), 
  CONSTRAINT ck_webhooks_one_owner CHECK (num_nonnulls(firm_id, authority_id) = 1), 
  CONSTRAINT ck_webhooks_state CHECK (state IN ('active', 'disabled')), 
  CONSTRAINT ck_webhooks_disabled_when CHECK ((state = 'disabled') = (disabled_at IS NOT NULL)), 
  CONSTRAINT ck_webhooks_some_topic CHECK (cardinality(topics) > 0), 
  CONSTRAINT ck_webhooks_generation CHECK (generation > 0), 
  CONSTRAINT fk_webhooks_firm_id FOREIGN KEY(firm_id) REFERENCES firms (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_webhooks_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_webhooks_created_by FOREIGN KEY(created_by) REFERENCES accounts (id) ON DELETE RESTRICT
);
CREATE INDEX ix_webhooks_authority_id ON webhooks (authority_id);
CREATE INDEX ix_webhooks_firm_id ON webhooks (firm_id);
GRANT SELECT, INSERT, UPDATE ON webhooks TO sancai_app;

CREATE TABLE case_acts (
  case_id UUID NOT NULL, 
  number INTEGER NOT NULL, 
  kind TEXT COLLATE "C" NOT NULL CONSTRAINT ck_case_acts_kind CHECK (kind IN ('reviewed', 'noticed', 'signed', 'instructed', 'paid', 'returned', 'objected', 'answered', 'refused', 'withdrawn')), 
  account UUID NOT NULL, 
  at TIMESTAMP WITH TIME ZONE NOT NULL, 
  content JSONB NOT NULL, 
  entry_id UUID NOT NULL, 
  CONSTRAINT pk_case_acts PRIMARY KEY (case_id, number), 
  CONSTRAINT fk_case_acts_case_id FOREIGN KEY(case_id) REFERENCES cases (id) ON DELETE RESTRICT
);
CREATE UNIQUE INDEX uq_case_acts_once ON case_acts (case_id, kind) WHERE kind IN ('reviewed', 'paid', 'refused', 'withdrawn');
GRANT SELECT, INSERT ON case_acts TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON case_acts FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON case_acts FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE case_decision_numbers (
  case_id UUID NOT NULL, 
  authority_id UUID NOT NULL, 
  year SMALLINT NOT NULL, 
  number INTEGER NOT NULL, 
  CONSTRAINT pk_case_decision_numbers PRIMARY KEY (case_id), 
  CONSTRAINT uq_case_decision_numbers_authority_id_year_number UNIQUE (authority_id, year, number), 
  CONSTRAINT fk_case_decision_numbers_case_id FOREIGN KEY(case_id) REFERENCES cases (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_case_decision_numbers_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT ON case_decision_numbers TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON case_decision_numbers FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON case_decision_numbers FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE case_decisions (
  case_id UUID NOT NULL, 
  occasion TEXT COLLATE "C" NOT NULL CONSTRAINT ck_case_decisions_occasion CHECK (occasion IN ('application', 'payment')), 
  decided_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  revision BYTEA NOT NULL, 
  facts JSONB NOT NULL, 
  facts_digest BYTEA NOT NULL, 
  verdict JSONB NOT NULL, 
  CONSTRAINT pk_case_decisions PRIMARY KEY (case_id, occasion), 
  CONSTRAINT fk_case_decisions_case_id FOREIGN KEY(case_id) REFERENCES cases (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT ON case_decisions TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON case_decisions FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON case_decisions FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE case_payees (
  case_id UUID NOT NULL, 
  account_name TEXT NOT NULL, 
  bank TEXT NOT NULL, 
  masked_number TEXT NOT NULL, 
  digest BYTEA NOT NULL, 
  sealed BYTEA NOT NULL, 
  CONSTRAINT pk_case_payees PRIMARY KEY (case_id), 
  CONSTRAINT fk_case_payees_case_id FOREIGN KEY(case_id) REFERENCES cases (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT ON case_payees TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON case_payees FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON case_payees FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE erasure_objects (
  erasure_id UUID NOT NULL, 
  blob_id UUID NOT NULL, 
  gone_at TIMESTAMP WITH TIME ZONE, 
  CONSTRAINT pk_erasure_objects PRIMARY KEY (erasure_id, blob_id), 
  CONSTRAINT fk_erasure_objects_erasure_id FOREIGN KEY(erasure_id) REFERENCES erasures (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_erasure_objects_blob_id FOREIGN KEY(blob_id) REFERENCES blobs (id) ON DELETE RESTRICT
);
CREATE INDEX ix_erasure_objects_left ON erasure_objects (erasure_id, blob_id) WHERE gone_at IS NULL;
GRANT SELECT, INSERT, UPDATE ON erasure_objects TO sancai_app;

CREATE TABLE erasure_versions (
  erasure_id UUID NOT NULL, 
  version_id UUID NOT NULL, 
  kept BOOLEAN NOT NULL, 
  CONSTRAINT pk_erasure_versions PRIMARY KEY (erasure_id, version_id), 
  CONSTRAINT fk_erasure_versions_erasure_id FOREIGN KEY(erasure_id) REFERENCES erasures (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_erasure_versions_version_id FOREIGN KEY(version_id) REFERENCES versions (id) ON DELETE RESTRICT
);
CREATE INDEX ix_erasure_versions_version ON erasure_versions (version_id);
GRANT SELECT, INSERT ON erasure_versions TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON erasure_versions FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON erasure_versions FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE evidence (
  id UUID NOT NULL, 
  kind TEXT COLLATE "C" NOT NULL, 
  file_name TEXT NOT NULL, 
  size_bytes BIGINT NOT NULL, 
  digest BYTEA NOT NULL, 
  owner_firm UUID, 
  owner_authority UUID, 
  upload_id UUID NOT NULL, 
  blob_id UUID, 
  state TEXT COLLATE "C" NOT NULL, 
  filed_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  CONSTRAINT pk_evidence PRIMARY KEY (id), 
  CONSTRAINT ck_evidence_kind CHECK (kind IN ('statement', 'contract', 'delivery_receipt', 'quality_report', 'licence', 'other')), 
  CONSTRAINT ck_evidence_state CHECK (state IN ('awaiting', 'verified')), 
  CONSTRAINT ck_evidence_verified_has_blob CHECK ((state = 'verified') = (blob_id IS NOT NULL)), 
  CONSTRAINT ck_evidence_one_owner CHECK (num_nonnulls(owner_firm, owner_authority) = 1), 
  CONSTRAINT fk_evidence_owner_firm FOREIGN KEY(owner_firm) REFERENCES firms (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_evidence_owner_authority FOREIGN KEY(owner_authority) REFERENCES authorities (id) ON DELETE RESTRICT, 
  CONSTRAINT uq_evidence_upload_id UNIQUE (upload_id), 
  CONSTRAINT fk_evidence_upload_id FOREIGN KEY(upload_id) REFERENCES uploads (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_evidence_blob_id FOREIGN KEY(blob_id) REFERENCES blobs (id) ON DELETE RESTRICT
);
CREATE INDEX ix_evidence_blob ON evidence (blob_id);
GRANT SELECT, INSERT, UPDATE ON evidence TO sancai_app;

CREATE TABLE listings (
  id UUID NOT NULL, 
  seller_id UUID NOT NULL, 
  offered_by UUID NOT NULL, 
  product_kind TEXT COLLATE "C" NOT NULL CONSTRAINT ck_listings_product_kind CHECK (product_kind IN ('dataset', 'api', 'desensitised_data', 'compute')), 
  title TEXT NOT NULL, 
  dataset_id UUID, 
  version_id UUID, 
  unit TEXT NOT NULL, 
  unit_price BIGINT NOT NULL CONSTRAINT ck_listings_price CHECK (unit_price > 0), 
  vat_rate_bp INTEGER NOT NULL CONSTRAINT ck_listings_vat CHECK (vat_rate_bp BETWEEN 0 AND 10000), 
  terms TEXT NOT NULL, 
  purposes TEXT[] COLLATE "C" NOT NULL, 
  source_statement TEXT NOT NULL, 
  rights_statement TEXT NOT NULL, 
  state TEXT COLLATE "C" NOT NULL CONSTRAINT ck_listings_state CHECK (state IN ('offered', 'on_sale', 'ended')), 
  offered_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  on_sale_at TIMESTAMP WITH TIME ZONE, 
  CONSTRAINT pk_listings PRIMARY KEY (id), 
  CONSTRAINT ck_listings_dataset_with_version CHECK ((dataset_id IS NULL) = (version_id IS NULL)), 
  CONSTRAINT fk_listings_seller_id FOREIGN KEY(seller_id) REFERENCES firms (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_listings_offered_by FOREIGN KEY(offered_by) REFERENCES firms (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_listings_dataset_id FOREIGN KEY(dataset_id) REFERENCES datasets (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_listings_version_id FOREIGN KEY(version_id) REFERENCES versions (id) ON DELETE RESTRICT
);
CREATE INDEX ix_listings_dataset_id ON listings (dataset_id);
CREATE INDEX ix_listings_offered_by ON listings (offered_by);
CREATE INDEX ix_listings_seller_id ON listings (seller_id);
GRANT SELECT, INSERT, UPDATE ON listings TO sancai_app;

CREATE TABLE recalls (
  version_id UUID NOT NULL, 
  authority_id UUID NOT NULL, 
  account_id UUID NOT NULL, 
  reason TEXT NOT NULL, 
  legal_basis TEXT NOT NULL, 
  document_number TEXT NOT NULL, 
  recalled_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  CONSTRAINT pk_recalls PRIMARY KEY (version_id), 
  CONSTRAINT fk_recalls_version_id FOREIGN KEY(version_id) REFERENCES versions (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_recalls_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT ON recalls TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON recalls FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON recalls FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE statements (
  id UUID NOT NULL, 
  dataset_id UUID NOT NULL, 
  version_id UUID, 
  number INTEGER NOT NULL, 
  kind TEXT COLLATE "C" NOT NULL, 
  body JSONB NOT NULL, 
  stated_by UUID NOT NULL, 
  account UUID, 
  stated_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  envelope TEXT NOT NULL, 
  digest BYTEA NOT NULL, 
  CONSTRAINT pk_statements PRIMARY KEY (id), 
  CONSTRAINT ck_statements_kind CHECK (kind IN ('card', 'licence', 'provenance', 'grade', 'rights', 'registrations', 'industry', 'embargo', 'deprecation')), 
  CONSTRAINT ck_statements_number CHECK (number > 0), 
  CONSTRAINT fk_statements_dataset_id FOREIGN KEY(dataset_id) REFERENCES datasets (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_statements_version_id FOREIGN KEY(version_id) REFERENCES versions (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_statements_stated_by FOREIGN KEY(stated_by) REFERENCES firms (id) ON DELETE RESTRICT
);
CREATE UNIQUE INDEX uq_statements_number ON statements (dataset_id, version_id, number) NULLS NOT DISTINCT;
GRANT SELECT, INSERT ON statements TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON statements FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON statements FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE terms_acceptances (
  dataset_id UUID NOT NULL, 
  firm UUID NOT NULL, 
  number INTEGER NOT NULL, 
  digest BYTEA NOT NULL, 
  account_id UUID NOT NULL, 
  accepted_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  CONSTRAINT pk_terms_acceptances PRIMARY KEY (dataset_id, firm, number), 
  CONSTRAINT fk_terms_acceptances_dataset_id_number FOREIGN KEY(dataset_id, number) REFERENCES terms (dataset_id, number) ON DELETE RESTRICT, 
  CONSTRAINT fk_terms_acceptances_firm FOREIGN KEY(firm) REFERENCES firms (id) ON DELETE RESTRICT
);
CREATE INDEX ix_terms_acceptances_firm ON terms_acceptances (firm);
GRANT SELECT, INSERT ON terms_acceptances TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON terms_acceptances FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON terms_acceptances FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE usage_events (
  id UUID NOT NULL, 
  read_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  version_id UUID NOT NULL, 
  blob_id UUID NOT NULL, 
  path TEXT COLLATE "C" NOT NULL, 
  party TEXT COLLATE "C" NOT NULL, 
  account_id UUID, 
  door TEXT COLLATE "C" NOT NULL, 
  size_bytes BIGINT NOT NULL, 
  CONSTRAINT pk_usage_events PRIMARY KEY (id, read_at), 
  CONSTRAINT ck_usage_events_door CHECK (door ~ '^[a-z][a-z0-9_]*$'), 
  CONSTRAINT ck_usage_events_size_bytes CHECK (size_bytes >= 0), 
  CONSTRAINT fk_usage_events_version_id FOREIGN KEY(version_id) REFERENCES versions (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_usage_events_blob_id FOREIGN KEY(blob_id) REFERENCES blobs (id) ON DELETE RESTRICT
)
 PARTITION BY RANGE (read_at);
CREATE INDEX ix_usage_events_holder ON usage_events (version_id, party);
CREATE INDEX ix_usage_events_read_at ON usage_events (read_at);
CREATE INDEX ix_usage_events_version ON usage_events (version_id, read_at);
CREATE TABLE usage_events_default PARTITION OF usage_events DEFAULT;
INSERT INTO partitioned_tables VALUES ('usage_events');
GRANT SELECT, INSERT ON usage_events TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON usage_events FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON usage_events FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE version_files (
  version_id UUID NOT NULL, 
  path_key TEXT COLLATE "C" NOT NULL, 
  path TEXT COLLATE "C" NOT NULL, 
  size_bytes BIGINT NOT NULL, 
  upload_id UUID NOT NULL, 
  digest BYTEA, 
  blob_id UUID, 
  format TEXT COLLATE "C", 
  rows BIGINT, 
  columns JSONB DEFAULT '[]' NOT NULL, 
  inventory JSONB DEFAULT '{}' NOT NULL, 
  CONSTRAINT pk_version_files PRIMARY KEY (version_id, path_key), 
  CONSTRAINT ck_version_files_verified_is_whole CHECK ((digest IS NULL) = (blob_id IS NULL)), 
  CONSTRAINT fk_version_files_version_id FOREIGN KEY(version_id) REFERENCES versions (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_version_files_upload_id FOREIGN KEY(upload_id) REFERENCES uploads (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_version_files_blob_id FOREIGN KEY(blob_id) REFERENCES blobs (id) ON DELETE RESTRICT
);
CREATE INDEX ix_version_files_blob ON version_files (blob_id);
CREATE INDEX ix_version_files_path ON version_files (version_id, path);
GRANT SELECT, INSERT, UPDATE, DELETE ON version_files TO sancai_app;

CREATE TABLE version_parents (
  version_id UUID NOT NULL, 
  parent_id UUID NOT NULL, 
  place SMALLINT NOT NULL, 
  CONSTRAINT pk_version_parents PRIMARY KEY (version_id, parent_id), 
  CONSTRAINT ck_version_parents_not_itself CHECK (version_id <> parent_id), 
  CONSTRAINT fk_version_parents_version_id FOREIGN KEY(version_id) REFERENCES versions (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_version_parents_parent_id FOREIGN KEY(parent_id) REFERENCES versions (id) ON DELETE RESTRICT
);
CREATE INDEX ix_version_parents_parent ON version_parents (parent_id, version_id);
GRANT SELECT, INSERT ON version_parents TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON version_parents FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON version_parents FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE webhook_datasets (
  webhook_id UUID NOT NULL, 
  dataset_id UUID NOT NULL, 
  CONSTRAINT pk_webhook_datasets PRIMARY KEY (webhook_id, dataset_id), 
  CONSTRAINT fk_webhook_datasets_webhook_id FOREIGN KEY(webhook_id) REFERENCES webhooks (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_webhook_datasets_dataset_id FOREIGN KEY(dataset_id) REFERENCES datasets (id) ON DELETE RESTRICT
);
CREATE INDEX ix_webhook_datasets_dataset_id ON webhook_datasets (dataset_id);
GRANT SELECT, INSERT ON webhook_datasets TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON webhook_datasets FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON webhook_datasets FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE adoption_receipts (
  id UUID NOT NULL, 
  dataset_id UUID NOT NULL, 
  content_digest BYTEA NOT NULL, 
  adopter UUID NOT NULL, 
  purpose TEXT COLLATE "C" NOT NULL, 
  product TEXT NOT NULL, 
  started_on DATE NOT NULL, 
  statement_id UUID NOT NULL, 
  statement_digest BYTEA NOT NULL, 
  contract_id UUID NOT NULL, 
  contract_digest BYTEA NOT NULL, 
  delivery_id UUID NOT NULL, 
  delivery_digest BYTEA NOT NULL, 
  attested_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  attested_by UUID NOT NULL, 
  signature TEXT COLLATE "C" NOT NULL, 
  signed_by TEXT COLLATE "C" NOT NULL, 
  entry_id UUID NOT NULL, 
  CONSTRAINT pk_adoption_receipts PRIMARY KEY (id), 
  CONSTRAINT ck_adoption_receipts_purpose CHECK (purpose IN ('model_training', 'model_evaluation', 'product', 'operation', 'research')), 
  CONSTRAINT fk_adoption_receipts_dataset_id FOREIGN KEY(dataset_id) REFERENCES datasets (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_adoption_receipts_adopter FOREIGN KEY(adopter) REFERENCES firms (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_adoption_receipts_statement_id FOREIGN KEY(statement_id) REFERENCES evidence (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_adoption_receipts_contract_id FOREIGN KEY(contract_id) REFERENCES evidence (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_adoption_receipts_delivery_id FOREIGN KEY(delivery_id) REFERENCES evidence (id) ON DELETE RESTRICT
);
CREATE INDEX ix_adoption_receipts_adopter ON adoption_receipts (adopter);
CREATE INDEX ix_adoption_receipts_contract_id ON adoption_receipts (contract_id);
CREATE INDEX ix_adoption_receipts_dataset_id ON adoption_receipts (dataset_id);
CREATE INDEX ix_adoption_receipts_delivery_id ON adoption_receipts (delivery_id);
CREATE INDEX ix_adoption_receipts_statement_id ON adoption_receipts (statement_id);
GRANT SELECT, INSERT ON adoption_receipts TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON adoption_receipts FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON adoption_receipts FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE orders (
  id UUID NOT NULL, 
  listing_id UUID NOT NULL, 
  buyer_id UUID NOT NULL, 
  seller_id UUID NOT NULL, 
  product_kind TEXT COLLATE "C" NOT NULL CONSTRAINT ck_orders_product_kind CHECK (product_kind IN ('dataset', 'api', 'desensitised_data', 'compute')), 
  dataset_id UUID, 
  version_id UUID, 
  title TEXT NOT NULL, 
  quantity INTEGER NOT NULL CONSTRAINT ck_orders_quantity CHECK (quantity > 0), 
  purpose TEXT COLLATE "C" NOT NULL CONSTRAINT ck_orders_purpose CHECK (purpose IN ('model_training', 'large_scale_processing', 'algorithm_verification', 'annotation', 'other')), 
  net BIGINT NOT NULL CONSTRAINT ck_orders_net CHECK (net > 0), 
  vat BIGINT NOT NULL CONSTRAINT ck_orders_vat CHECK (vat >= 0), 
  terms_digest BYTEA NOT NULL, 
  state TEXT COLLATE "C" NOT NULL CONSTRAINT ck_orders_state CHECK (state IN ('placed', 'accepted', 'delivered', 'closed', 'cancelled')), 
  placed_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  accepted_at TIMESTAMP WITH TIME ZONE, 
  contract_digest BYTEA, 
  delivered_at TIMESTAMP WITH TIME ZONE, 
  delivered_digest BYTEA, 
  usage TEXT, 
  CONSTRAINT pk_orders PRIMARY KEY (id), 
  CONSTRAINT ck_orders_two_sides CHECK (buyer_id <> seller_id), 
  CONSTRAINT ck_orders_contract CHECK ((accepted_at IS NULL) = (contract_digest IS NULL)), 
  CONSTRAINT ck_orders_accepted CHECK ((accepted_at IS NULL) = (state IN ('placed', 'cancelled'))), 
  CONSTRAINT ck_orders_delivered CHECK ((delivered_at IS NOT NULL) = (state IN ('delivered', 'closed'))), 
  CONSTRAINT fk_orders_listing_id FOREIGN KEY(listing_id) REFERENCES listings (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_orders_buyer_id FOREIGN KEY(buyer_id) REFERENCES firms (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_orders_seller_id FOREIGN KEY(seller_id) REFERENCES firms (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_orders_dataset_id FOREIGN KEY(dataset_id) REFERENCES datasets (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_orders_version_id FOREIGN KEY(version_id) REFERENCES versions (id) ON DELETE RESTRICT
);
CREATE INDEX ix_orders_buyer_id_id ON orders (buyer_id, id);
CREATE INDEX ix_orders_seller_id_id ON orders (seller_id, id);
GRANT SELECT, INSERT, UPDATE ON orders TO sancai_app;

CREATE TABLE quality_reports (
  id UUID NOT NULL, 
  dataset_id UUID NOT NULL, 
  content_digest BYTEA NOT NULL, 
  laboratory UUID NOT NULL, 
  documentation_hundredths SMALLINT NOT NULL CONSTRAINT ck_quality_reports_documentation_hundredths CHECK (documentation_hundredths BETWEEN 0 AND 10000), 
  data_quality_hundredths SMALLINT NOT NULL CONSTRAINT ck_quality_reports_data_quality_hundredths CHECK (data_quality_hundredths BETWEEN 0 AND 10000), 
  model_application_hundredths SMALLINT NOT NULL CONSTRAINT ck_quality_reports_model_application_hundredths CHECK (model_application_hundredths BETWEEN 0 AND 10000), 
  method TEXT NOT NULL, 
  report_id UUID NOT NULL, 
  report_digest BYTEA NOT NULL, 
  filed_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  filed_by UUID NOT NULL, 
  entry_id UUID NOT NULL, 
  CONSTRAINT pk_quality_reports PRIMARY KEY (id), 
  CONSTRAINT fk_quality_reports_laboratory FOREIGN KEY(laboratory) REFERENCES firms (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_quality_reports_report_id FOREIGN KEY(report_id) REFERENCES evidence (id) ON DELETE RESTRICT
);
CREATE INDEX ix_quality_reports_content ON quality_reports (content_digest, filed_at);
GRANT SELECT, INSERT ON quality_reports TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON quality_reports FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON quality_reports FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE adoption_withdrawals (
  receipt_id UUID NOT NULL, 
  reason TEXT NOT NULL, 
  withdrawn_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  withdrawn_by UUID, 
  CONSTRAINT pk_adoption_withdrawals PRIMARY KEY (receipt_id), 
  CONSTRAINT fk_adoption_withdrawals_receipt_id FOREIGN KEY(receipt_id) REFERENCES adoption_receipts (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT ON adoption_withdrawals TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON adoption_withdrawals FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON adoption_withdrawals FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE contracts (
  order_id UUID NOT NULL, 
  content BYTEA NOT NULL, 
  digest BYTEA NOT NULL, 
  key TEXT NOT NULL, 
  signature BYTEA NOT NULL CONSTRAINT ck_contracts_ed25519 CHECK (length(signature) = 64), 
  signed_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  CONSTRAINT pk_contracts PRIMARY KEY (order_id), 
  CONSTRAINT fk_contracts_order_id FOREIGN KEY(order_id) REFERENCES orders (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT ON contracts TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON contracts FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON contracts FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE invoices (
  id UUID NOT NULL, 
  order_id UUID NOT NULL, 
  seller_id UUID NOT NULL, 
  buyer_id UUID NOT NULL, 
  number TEXT COLLATE "C" NOT NULL CONSTRAINT ck_invoices_number CHECK (number ~ '^[0-9]{20}$'), 
  issued_on DATE NOT NULL, 
  kind TEXT COLLATE "C" NOT NULL CONSTRAINT ck_invoices_kind CHECK (kind IN ('special', 'ordinary')), 
  net BIGINT NOT NULL CONSTRAINT ck_invoices_net CHECK (net > 0), 
  vat BIGINT NOT NULL CONSTRAINT ck_invoices_vat CHECK (vat >= 0), 
  verification TEXT COLLATE "C" NOT NULL CONSTRAINT ck_invoices_verification CHECK (verification IN ('unverified', 'verified', 'void', 'red')), 
  checked_on DATE, 
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  CONSTRAINT pk_invoices PRIMARY KEY (id), 
  CONSTRAINT ck_invoices_checked CHECK ((verification = 'unverified') = (checked_on IS NULL)), 
  CONSTRAINT fk_invoices_order_id FOREIGN KEY(order_id) REFERENCES orders (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_invoices_seller_id FOREIGN KEY(seller_id) REFERENCES firms (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_invoices_buyer_id FOREIGN KEY(buyer_id) REFERENCES firms (id) ON DELETE RESTRICT, 
  CONSTRAINT uq_invoices_number UNIQUE (number)
);
CREATE INDEX ix_invoices_order_id ON invoices (order_id);
GRANT SELECT, INSERT, UPDATE ON invoices TO sancai_app;

CREATE TABLE order_payments (
  order_id UUID NOT NULL, 
  payer_id UUID NOT NULL, 
  reference TEXT COLLATE "C" NOT NULL, 
  paid_on DATE NOT NULL, 
  amount BIGINT NOT NULL CONSTRAINT ck_order_payments_amount CHECK (amount > 0), 
  from_own_account BOOLEAN NOT NULL, 
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  CONSTRAINT pk_order_payments PRIMARY KEY (payer_id, reference), 
  CONSTRAINT uq_order_payments_order_id_reference UNIQUE (order_id, reference), 
  CONSTRAINT fk_order_payments_order_id FOREIGN KEY(order_id) REFERENCES orders (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_order_payments_payer_id FOREIGN KEY(payer_id) REFERENCES firms (id) ON DELETE RESTRICT
);
CREATE INDEX ix_order_payments_order_id ON order_payments (order_id);
GRANT SELECT, INSERT ON order_payments TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON order_payments FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON order_payments FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE invoice_checks (
  id UUID NOT NULL, 
  invoice_id UUID NOT NULL, 
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  result TEXT COLLATE "C" NOT NULL CONSTRAINT ck_invoice_checks_result CHECK (result IN ('unverified', 'verified', 'void', 'red')), 
  checked_on DATE NOT NULL, 
  recorded_by UUID, 
  CONSTRAINT pk_invoice_checks PRIMARY KEY (id), 
  CONSTRAINT fk_invoice_checks_invoice_id FOREIGN KEY(invoice_id) REFERENCES invoices (id) ON DELETE RESTRICT
);
CREATE INDEX ix_invoice_checks_invoice_id ON invoice_checks (invoice_id);
GRANT SELECT, INSERT ON invoice_checks TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON invoice_checks FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON invoice_checks FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE vouchers (
  id UUID NOT NULL, 
  authority_id UUID NOT NULL, 
  pool_id UUID NOT NULL, 
  instrument TEXT COLLATE "C" NOT NULL, 
  "group" TEXT COLLATE "C" NOT NULL, 
  firm_id UUID NOT NULL, 
  order_id UUID NOT NULL, 
  state TEXT COLLATE "C" NOT NULL CONSTRAINT ck_vouchers_state CHECK (state IN ('held', 'redeemed', 'settled', 'instructed', 'paid', 'returned', 'released', 'expired')), 
  year INTEGER NOT NULL, 
  base BIGINT NOT NULL CONSTRAINT ck_vouchers_base CHECK (base > 0), 
  amount BIGINT NOT NULL CONSTRAINT ck_vouchers_amount CHECK (amount > 0 AND amount <= base), 
  invoice_id UUID, 
  event_on DATE, 
  revision BYTEA NOT NULL, 
  facts_digest BYTEA NOT NULL, 
  held_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  case_id UUID, 
  CONSTRAINT pk_vouchers PRIMARY KEY (id), 
  CONSTRAINT ck_vouchers_claim CHECK ((invoice_id IS NULL) = (state IN ('held', 'released', 'expired'))), 
  CONSTRAINT fk_vouchers_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_vouchers_pool_id FOREIGN KEY(pool_id) REFERENCES pools (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_vouchers_firm_id FOREIGN KEY(firm_id) REFERENCES firms (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_vouchers_order_id FOREIGN KEY(order_id) REFERENCES orders (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_vouchers_invoice_id FOREIGN KEY(invoice_id) REFERENCES invoices (id) ON DELETE RESTRICT
);
CREATE INDEX ix_vouchers_due ON vouchers (pool_id, expires_at) WHERE state = 'held';
CREATE INDEX ix_vouchers_firm_id_id ON vouchers (firm_id, id);
CREATE UNIQUE INDEX ux_vouchers_order ON vouchers (order_id) WHERE state IN ('held', 'instructed', 'paid', 'redeemed', 'returned', 'settled');
GRANT SELECT, INSERT, UPDATE ON vouchers TO sancai_app;

CREATE TABLE case_lines (
  case_id UUID NOT NULL, 
  number INTEGER NOT NULL, 
  firm UUID NOT NULL, 
  firm_name TEXT NOT NULL, 
  dataset_id UUID, 
  voucher_id UUID, 
  instrument TEXT COLLATE "C" NOT NULL, 
  clause TEXT NOT NULL, 
  standard TEXT NOT NULL, 
  amount_fen BIGINT NOT NULL CONSTRAINT ck_case_lines_amount CHECK (amount_fen > 0), 
  payee_bank TEXT, 
  payee_masked_number TEXT, 
  payee_digest BYTEA, 
  CONSTRAINT pk_case_lines PRIMARY KEY (case_id, number), 
  CONSTRAINT ck_case_lines_one_subject CHECK (num_nonnulls(dataset_id, voucher_id) = 1), 
  CONSTRAINT ck_case_lines_payee CHECK (num_nonnulls(payee_bank, payee_masked_number, payee_digest) = 3 * num_nonnulls(voucher_id)), 
  CONSTRAINT fk_case_lines_case_id FOREIGN KEY(case_id) REFERENCES cases (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_case_lines_firm FOREIGN KEY(firm) REFERENCES firms (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_case_lines_dataset_id FOREIGN KEY(dataset_id) REFERENCES datasets (id) ON DELETE RESTRICT, 
  CONSTRAINT fk_case_lines_voucher_id FOREIGN KEY(voucher_id) REFERENCES vouchers (id) ON DELETE RESTRICT
);
CREATE INDEX ix_case_lines_firm ON case_lines (firm);
CREATE INDEX ix_case_lines_voucher_id ON case_lines (voucher_id);
GRANT SELECT, INSERT ON case_lines TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON case_lines FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON case_lines FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE invoice_claims (
  invoice_id UUID NOT NULL, 
  voucher_id UUID NOT NULL, 
  base BIGINT NOT NULL CONSTRAINT ck_invoice_claims_base CHECK (base > 0), 
  CONSTRAINT pk_invoice_claims PRIMARY KEY (invoice_id), 
  CONSTRAINT fk_invoice_claims_invoice_id FOREIGN KEY(invoice_id) REFERENCES invoices (id) ON DELETE RESTRICT, 
  CONSTRAINT uq_invoice_claims_voucher_id UNIQUE (voucher_id), 
  CONSTRAINT fk_invoice_claims_voucher_id FOREIGN KEY(voucher_id) REFERENCES vouchers (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT ON invoice_claims TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON invoice_claims FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON invoice_claims FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE voucher_decisions (
  voucher_id UUID NOT NULL, 
  step TEXT COLLATE "C" NOT NULL CONSTRAINT ck_voucher_decisions_step CHECK (step IN ('held', 'redeemed')), 
  decided_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  revision BYTEA NOT NULL, 
  facts_digest BYTEA NOT NULL, 
  facts JSONB NOT NULL, 
  CONSTRAINT pk_voucher_decisions PRIMARY KEY (voucher_id, step), 
  CONSTRAINT fk_voucher_decisions_voucher_id FOREIGN KEY(voucher_id) REFERENCES vouchers (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT ON voucher_decisions TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON voucher_decisions FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON voucher_decisions FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE voucher_payees (
  voucher_id UUID NOT NULL, 
  account_name TEXT NOT NULL, 
  bank TEXT NOT NULL, 
  masked_number TEXT NOT NULL, 
  digest BYTEA NOT NULL, 
  sealed BYTEA NOT NULL, 
  CONSTRAINT pk_voucher_payees PRIMARY KEY (voucher_id), 
  CONSTRAINT fk_voucher_payees_voucher_id FOREIGN KEY(voucher_id) REFERENCES vouchers (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT ON voucher_payees TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON voucher_payees FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON voucher_payees FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

SET timezone TO 'UTC';
SELECT sancai_ensure_partitions(3);
