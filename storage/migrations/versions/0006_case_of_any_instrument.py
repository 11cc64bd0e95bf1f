"""Cases of any instrument: what a grant is for, what its applicant states, and decisions that are taken again."""

from alembic import op

revision = "0006"
down_revision = "0005"

_STATEMENTS = """
ALTER TABLE cases DROP CONSTRAINT ck_cases_kind;
ALTER TABLE cases ADD CONSTRAINT ck_cases_kind CHECK (kind IN ('award', 'grant', 'voucher_batch'));
ALTER TABLE cases DROP CONSTRAINT ck_cases_state;
ALTER TABLE cases ADD CONSTRAINT ck_cases_state CHECK (state IN ('applied', 'correcting', 'reviewed', 'instructed',
  'paid', 'returned', 'refused', 'withdrawn'));

ALTER TABLE case_lines ADD COLUMN subject_digest BYTEA;
ALTER TABLE case_lines DROP CONSTRAINT ck_case_lines_one_subject;
ALTER TABLE case_lines ADD CONSTRAINT ck_case_lines_one_subject
  CHECK (num_nonnulls(dataset_id, voucher_id, subject_digest) = 1);
ALTER TABLE case_lines DROP CONSTRAINT ck_case_lines_amount;
ALTER TABLE case_lines ADD CONSTRAINT ck_case_lines_amount
  CHECK (amount_fen > 0 OR (amount_fen = 0 AND voucher_id IS NULL));

ALTER TABLE case_acts DROP CONSTRAINT ck_case_acts_kind;
ALTER TABLE case_acts ADD CONSTRAINT ck_case_acts_kind CHECK (kind IN ('reviewed', 'noticed', 'signed', 'instructed',
  'paid', 'returned', 'objected', 'answered', 'refused', 'withdrawn', 'recused', 'assessed', 'correction_asked', 'corrected',
  'departments_asked', 'department_answered'));
DROP INDEX uq_case_acts_once;
CREATE UNIQUE INDEX uq_case_acts_once ON case_acts (case_id, kind)
  WHERE kind IN ('paid', 'refused', 'withdrawn', 'correction_asked');

ALTER TABLE case_decisions ADD COLUMN number SMALLINT DEFAULT '1' NOT NULL;
ALTER TABLE case_decisions DROP CONSTRAINT pk_case_decisions;
ALTER TABLE case_decisions ADD CONSTRAINT pk_case_decisions PRIMARY KEY (case_id, occasion, number);
ALTER TABLE case_decisions DROP CONSTRAINT ck_case_decisions_occasion;
ALTER TABLE case_decisions ADD CONSTRAINT ck_case_decisions_occasion
  CHECK (occasion IN ('application', 'assessment', 'payment'));

CREATE TABLE case_claims (
  case_id UUID NOT NULL,
  event_on DATE NOT NULL,
  instalment SMALLINT,
  exclusivity_group TEXT COLLATE "C" NOT NULL,
  issued_on DATE NOT NULL,
  stated JSONB NOT NULL,
  keys JSONB NOT NULL,
  evidence JSONB NOT NULL,
  declared JSONB NOT NULL,
  joint_makers JSONB NOT NULL,
  CONSTRAINT pk_case_claims PRIMARY KEY (case_id),
  CONSTRAINT fk_case_claims_case_id FOREIGN KEY (case_id) REFERENCES cases (id) ON DELETE RESTRICT
);
CREATE INDEX ix_case_claims_group ON case_claims (exclusivity_group);
GRANT SELECT, INSERT ON case_claims TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON case_claims FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON case_claims
  FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE case_keys (
  case_id UUID NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  value BYTEA NOT NULL,
  CONSTRAINT pk_case_keys PRIMARY KEY (case_id, name, value),
  CONSTRAINT fk_case_keys_case_id FOREIGN KEY (case_id) REFERENCES cases (id) ON DELETE RESTRICT
);
CREATE INDEX ix_case_keys_value ON case_keys (name, value);
GRANT SELECT, INSERT ON case_keys TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON case_keys FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON case_keys
  FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();
"""


def upgrade() -> None:
    """Widen the cases; those of before keep what they are."""
    op.execute(_STATEMENTS)
