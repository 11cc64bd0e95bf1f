"""What a public credit system answered stands with the fact, and corrections of past days open reviews of cases."""

from alembic import op

revision = "0004"
down_revision = "0002"

_STATEMENTS = """
ALTER TABLE fact_lines ADD COLUMN credit_standing TEXT COLLATE "C";
ALTER TABLE fact_lines ADD COLUMN queried_at TIMESTAMP WITH TIME ZONE;
ALTER TABLE fact_lines ADD COLUMN result_digest BYTEA;
ALTER TABLE fact_lines ADD CONSTRAINT ck_fact_lines_credit_standing
  CHECK (credit_standing IN ('clean', 'listed', 'repaired'));
ALTER TABLE fact_lines ADD CONSTRAINT ck_fact_lines_credit
  CHECK (num_nonnulls(credit_standing, queried_at, result_digest) IN (0, 3)
    AND (credit_standing IS NULL OR predicate = 'credit_clean'));
"""


def upgrade() -> None:
    """Widen the register of facts."""
    op.execute(_STATEMENTS)
