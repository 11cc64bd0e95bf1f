"""A recovery may come of an invoice that turned void or red; experts, probers and persons hold no other role."""

from alembic import op

revision = "0017"
down_revision = "0016"

_STATEMENTS = """
ALTER TABLE recoveries DROP CONSTRAINT ck_recoveries_origin;
ALTER TABLE recoveries ADD CONSTRAINT ck_recoveries_origin
  CHECK (origin IN ('own', 'sample', 'adoption_review', 'register_review', 'contest_review', 'invoice'));
ALTER TABLE accounts ADD CONSTRAINT ck_accounts_held_alone
  CHECK (cardinality(roles) = 1 OR NOT (roles && ARRAY['expert', 'prober', 'person']));
"""


def upgrade() -> None:
    """Widen what a recovery may come of, and put the wall behind the roles that stand alone."""
    op.execute(_STATEMENTS)
