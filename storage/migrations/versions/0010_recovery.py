"""Recoveries and remedies: hearing, decision, cash that comes back, annulment, and what they change in cases."""

from pathlib import Path

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the tables of what comes after a decision; those of before keep what they are."""
    op.execute(Path(__file__).with_suffix(".sql").read_text("utf-8"))
