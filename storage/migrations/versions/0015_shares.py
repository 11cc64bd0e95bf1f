"""Shares of joint makers: each has its own line of the case, and states its own account when it signs the split."""

from alembic import op

revision = "0015"
down_revision = "0014"

_STATEMENTS = """
ALTER TABLE case_lines ADD COLUMN share_bp SMALLINT;
ALTER TABLE case_lines ADD CONSTRAINT ck_case_lines_share
  CHECK (share_bp IS NULL OR (share_bp BETWEEN 1 AND 9999 AND voucher_id IS NULL AND firm_name IS NOT NULL));

ALTER TABLE case_acts DROP CONSTRAINT ck_case_acts_kind;
ALTER TABLE case_acts ADD CONSTRAINT ck_case_acts_kind CHECK (kind IN (%s));

CREATE TABLE case_share_payees (
  case_id UUID NOT NULL,
  digest BYTEA NOT NULL,
  account_name TEXT NOT NULL,
  bank TEXT NOT NULL,
  masked_number TEXT NOT NULL,
  sealed BYTEA NOT NULL,
  CONSTRAINT pk_case_share_payees PRIMARY KEY (case_id, digest),
  CONSTRAINT fk_case_share_payees_case_id FOREIGN KEY (case_id) REFERENCES cases (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT ON case_share_payees TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON case_share_payees FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON case_share_payees
  FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();
"""

_KINDS = (
    *("reviewed", "noticed", "signed", "instructed", "paid", "returned", "objected", "answered", "refused"),
    *("withdrawn", "recused", "assessed", "correction_asked", "corrected", "departments_asked", "department_answered"),
    *("set_apart", "late_decided", "redecided", "reopened", "refusal_served", "experts_drawn", "scores_opened"),
    *("allotted", "split_signed", "split_withdrawn"),
)


def upgrade() -> None:
    """Let what a case pays be shared; cases of one firm stay as they are."""
    op.execute(_STATEMENTS % ", ".join(f"'{kind}'" for kind in _KINDS))
