CREATE TABLE archives (
  case_id UUID NOT NULL,
  number INTEGER NOT NULL,
  authority_id UUID NOT NULL,
  outcome TEXT COLLATE "C" NOT NULL CONSTRAINT ck_archives_outcome CHECK (outcome IN ('paid', 'recovered', 'refused', 'withdrawn')),
  retention_class TEXT COLLATE "C" NOT NULL,
  closed_on DATE NOT NULL,
  keep_until DATE,
  digest BYTEA NOT NULL,
  content_digest BYTEA NOT NULL,
  size_bytes BIGINT NOT NULL,
  store TEXT COLLATE "C" NOT NULL,
  key TEXT COLLATE "C" NOT NULL,
  version_id TEXT COLLATE "C",
  retain_until TIMESTAMP WITH TIME ZONE NOT NULL,
  made_by UUID,
  made_at TIMESTAMP WITH TIME ZONE NOT NULL,
  entry_id UUID NOT NULL,
  CONSTRAINT pk_archives PRIMARY KEY (case_id, number),
  CONSTRAINT fk_archives_case_id FOREIGN KEY(case_id) REFERENCES cases (id) ON DELETE RESTRICT,
  CONSTRAINT fk_archives_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (id) ON DELETE RESTRICT
);
CREATE INDEX ix_archives_authority ON archives (authority_id, case_id);
GRANT SELECT, INSERT ON archives TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON archives FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON archives
  FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE archive_holds (
  id UUID NOT NULL,
  case_id UUID NOT NULL,
  authority_id UUID NOT NULL,
  number TEXT NOT NULL,
  reason TEXT NOT NULL,
  set_by UUID NOT NULL,
  set_at TIMESTAMP WITH TIME ZONE NOT NULL,
  entry_id UUID NOT NULL,
  lifting_number TEXT,
  lifting_reason TEXT,
  lifted_by UUID,
  lifted_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_archive_holds PRIMARY KEY (id),
  CONSTRAINT fk_archive_holds_case_id FOREIGN KEY(case_id) REFERENCES cases (id) ON DELETE RESTRICT,
  CONSTRAINT fk_archive_holds_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (id) ON DELETE RESTRICT
);
CREATE INDEX ix_archive_holds_case_id ON archive_holds (case_id);
CREATE UNIQUE INDEX uq_archive_holds_number ON archive_holds (case_id, number);
GRANT SELECT, INSERT, UPDATE ON archive_holds TO sancai_app;

CREATE TABLE archive_disposals (
  id UUID NOT NULL,
  case_id UUID NOT NULL,
  authority_id UUID NOT NULL,
  reason TEXT NOT NULL,
  state TEXT COLLATE "C" NOT NULL CONSTRAINT ck_archive_disposals_state CHECK (state IN ('proposed', 'rejected', 'confirmed', 'removed')),
  proposed_by UUID NOT NULL,
  proposed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  entry_id UUID NOT NULL,
  decision_reason TEXT,
  decided_by UUID,
  decided_at TIMESTAMP WITH TIME ZONE,
  removed_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_archive_disposals PRIMARY KEY (id),
  CONSTRAINT ck_archive_disposals_two_officers CHECK (decided_by <> proposed_by),
  CONSTRAINT fk_archive_disposals_case_id FOREIGN KEY(case_id) REFERENCES cases (id) ON DELETE RESTRICT,
  CONSTRAINT fk_archive_disposals_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (id) ON DELETE RESTRICT
);
CREATE INDEX ix_archive_disposals_case_id ON archive_disposals (case_id);
CREATE UNIQUE INDEX uq_archive_disposals_standing ON archive_disposals (case_id) WHERE state <> 'rejected';
GRANT SELECT, INSERT, UPDATE ON archive_disposals TO sancai_app;
