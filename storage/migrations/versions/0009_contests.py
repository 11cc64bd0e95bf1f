"""Contests of novelty: both sides, dated evidence, who was drawn to decide, the decision, reviews of what was paid."""

from pathlib import Path

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the tables of contests, and let a case be decided again by one."""
    op.execute(Path(__file__).with_suffix(".sql").read_text("utf-8"))
