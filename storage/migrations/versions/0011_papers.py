"""What a probe saw of notice pages; the targets of cases and what became of them."""

from alembic import op

revision = "0011"
down_revision = "0010"

_TABLES = """
CREATE TABLE notice_probes (
  case_id UUID NOT NULL,
  probed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  status SMALLINT,
  page_digest BYTEA,
  sighting TEXT COLLATE "C" NOT NULL,
  late BOOLEAN NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  recorded_by UUID NOT NULL,
  entry_id UUID NOT NULL,
  CONSTRAINT pk_notice_probes PRIMARY KEY (case_id, probed_at),
  CONSTRAINT ck_notice_probes_answered CHECK ((status IS NULL) = (page_digest IS NULL)),
  CONSTRAINT fk_notice_probes_case_id FOREIGN KEY (case_id) REFERENCES cases (id) ON DELETE RESTRICT,
  CONSTRAINT ck_notice_probes_status CHECK (status BETWEEN 100 AND 999),
  CONSTRAINT ck_notice_probes_sighting CHECK (sighting IN ('same', 'changed', 'missing', 'unreachable'))
);

CREATE TABLE notice_probe_terms (
  authority_id UUID NOT NULL,
  number TEXT COLLATE "C" NOT NULL,
  limit_hours SMALLINT NOT NULL,
  organ TEXT NOT NULL,
  decided_on DATE NOT NULL,
  words TEXT NOT NULL,
  set_at TIMESTAMP WITH TIME ZONE NOT NULL,
  set_by UUID NOT NULL,
  entry_id UUID NOT NULL,
  CONSTRAINT pk_notice_probe_terms PRIMARY KEY (authority_id, number),
  CONSTRAINT fk_notice_probe_terms_authority_id FOREIGN KEY (authority_id) REFERENCES authorities (id)
    ON DELETE RESTRICT,
  CONSTRAINT ck_notice_probe_terms_limit CHECK (limit_hours BETWEEN 0 AND 168)
);
CREATE INDEX ix_notice_probe_terms_set ON notice_probe_terms (authority_id, set_at);

CREATE TABLE case_targets (
  case_id UUID NOT NULL,
  number SMALLINT NOT NULL,
  targets JSONB NOT NULL,
  report_digest BYTEA NOT NULL,
  stated_by UUID NOT NULL,
  stated_at TIMESTAMP WITH TIME ZONE NOT NULL,
  entry_id UUID NOT NULL,
  CONSTRAINT pk_case_targets PRIMARY KEY (case_id, number),
  CONSTRAINT fk_case_targets_case_id FOREIGN KEY (case_id) REFERENCES cases (id) ON DELETE RESTRICT
);

CREATE TABLE case_evaluations (
  case_id UUID NOT NULL,
  number SMALLINT NOT NULL,
  figures JSONB NOT NULL,
  score SMALLINT NOT NULL,
  grade TEXT COLLATE "C" NOT NULL,
  opinion TEXT NOT NULL,
  report_digest BYTEA,
  evaluated_by UUID NOT NULL,
  evaluated_at TIMESTAMP WITH TIME ZONE NOT NULL,
  entry_id UUID NOT NULL,
  CONSTRAINT pk_case_evaluations PRIMARY KEY (case_id, number),
  CONSTRAINT fk_case_evaluations_case_id FOREIGN KEY (case_id) REFERENCES cases (id) ON DELETE RESTRICT,
  CONSTRAINT ck_case_evaluations_score CHECK (score BETWEEN 0 AND 100)
);
"""
_APPENDED = ("notice_probes", "notice_probe_terms", "case_targets", "case_evaluations")


def upgrade() -> None:
    """Add the tables; nothing in them is ever changed."""
    op.execute(_TABLES)
    for table in _APPENDED:
        op.execute(f"GRANT SELECT, INSERT ON {table} TO sancai_app")
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change()"
        )
