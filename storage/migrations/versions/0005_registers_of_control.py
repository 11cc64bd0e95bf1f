"""What a public credit system answered stands with the fact, and corrections of past days open reviews of cases."""

from alembic import op

revision = "0005"
down_revision = "0004"

_STATEMENTS = """
ALTER TABLE fact_lines ADD COLUMN credit_standing TEXT COLLATE "C";
ALTER TABLE fact_lines ADD COLUMN queried_at TIMESTAMP WITH TIME ZONE;
ALTER TABLE fact_lines ADD COLUMN result_digest BYTEA;
ALTER TABLE fact_lines ADD CONSTRAINT ck_fact_lines_credit_standing
  CHECK (credit_standing IN ('clean', 'listed', 'repaired'));
ALTER TABLE fact_lines ADD CONSTRAINT ck_fact_lines_credit
  CHECK (num_nonnulls(credit_standing, queried_at, result_digest) IN (0, 3)
    AND (credit_standing IS NULL OR predicate = 'credit_clean'));

CREATE TABLE register_corrections (
  id UUID NOT NULL,
  authority_id UUID NOT NULL,
  register TEXT COLLATE "C" NOT NULL,
  line TEXT COLLATE "C" NOT NULL,
  valid_from DATE NOT NULL,
  valid_until DATE,
  recorded_by UUID,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_register_corrections PRIMARY KEY (id),
  CONSTRAINT ck_register_corrections_register
    CHECK (register IN ('firm', 'control', 'fact', 'leader_list', 'provider', 'sanction')),
  CONSTRAINT ck_register_corrections_valid_time CHECK (valid_until > valid_from),
  CONSTRAINT fk_register_corrections_authority_id
    FOREIGN KEY (authority_id) REFERENCES authorities (id) ON DELETE RESTRICT
);
CREATE INDEX ix_register_corrections_authority ON register_corrections (authority_id, id);
GRANT SELECT, INSERT ON register_corrections TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON register_corrections
  FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON register_corrections
  FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE register_correction_firms (
  correction_id UUID NOT NULL,
  firm_id UUID NOT NULL,
  CONSTRAINT pk_register_correction_firms PRIMARY KEY (correction_id, firm_id),
  CONSTRAINT fk_register_correction_firms_correction_id
    FOREIGN KEY (correction_id) REFERENCES register_corrections (id) ON DELETE RESTRICT,
  CONSTRAINT fk_register_correction_firms_firm_id FOREIGN KEY (firm_id) REFERENCES firms (id) ON DELETE RESTRICT
);
CREATE INDEX ix_register_correction_firms_firm_id ON register_correction_firms (firm_id);
GRANT SELECT, INSERT ON register_correction_firms TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON register_correction_firms
  FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON register_correction_firms
  FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE register_correction_answers (
  correction_id UUID NOT NULL,
  subject TEXT COLLATE "C" NOT NULL,
  stands BOOLEAN NOT NULL,
  opinion TEXT NOT NULL,
  account UUID NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  entry_id UUID NOT NULL,
  CONSTRAINT pk_register_correction_answers PRIMARY KEY (correction_id, subject),
  CONSTRAINT fk_register_correction_answers_correction_id
    FOREIGN KEY (correction_id) REFERENCES register_corrections (id) ON DELETE RESTRICT
);
CREATE INDEX ix_register_correction_answers_subject ON register_correction_answers (subject);
GRANT SELECT, INSERT ON register_correction_answers TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON register_correction_answers
  FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON register_correction_answers
  FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();
"""


def upgrade() -> None:
    """Widen the register of facts, and keep what was corrected backward with its reviews."""
    op.execute(_STATEMENTS)
