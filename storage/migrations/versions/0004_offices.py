"""Officers of an office: terms by ruling, ties, absences, delegations, drawn reviewers; acts that a recusal voids."""

from pathlib import Path

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the tables of offices, and let a case keep a recusal."""
    op.execute(Path(__file__).with_suffix(".sql").read_text("utf-8"))
