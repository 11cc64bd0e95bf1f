"""A recovery may come of an invoice that turned void or red."""

from alembic import op

revision = "0017"
down_revision = "0014"

_STATEMENTS = """
ALTER TABLE recoveries DROP CONSTRAINT ck_recoveries_origin;
ALTER TABLE recoveries ADD CONSTRAINT ck_recoveries_origin
  CHECK (origin IN ('own', 'sample', 'adoption_review', 'register_review', 'invoice'));
"""


def upgrade() -> None:
    """Widen what a recovery may come of."""
    op.execute(_STATEMENTS)
