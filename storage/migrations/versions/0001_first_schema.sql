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

CREATE TABLE idempotency_answers (
  party TEXT COLLATE "C" NOT NULL, 
  operation TEXT COLLATE "C" NOT NULL, 
  key TEXT COLLATE "C" NOT NULL, 
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

SET timezone TO 'UTC';
SELECT sancai_ensure_partitions(3);
