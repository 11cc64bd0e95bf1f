"""Lines of a case: acts that set some of them apart, and decisions on objections that came after the notice."""

from alembic import op

revision = "0008"
down_revision = "0007"

_STATEMENTS = """
ALTER TABLE case_acts DROP CONSTRAINT ck_case_acts_kind;
ALTER TABLE case_acts ADD CONSTRAINT ck_case_acts_kind CHECK (kind IN ('reviewed', 'noticed', 'signed', 'instructed',
  'paid', 'returned', 'objected', 'answered', 'refused', 'withdrawn', 'recused', 'assessed', 'correction_asked', 'corrected',
  'departments_asked', 'department_answered', 'set_apart', 'late_decided'));
"""


def upgrade() -> None:
    """Widen what is done to a case."""
    op.execute(_STATEMENTS)
