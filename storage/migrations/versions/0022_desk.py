"""Decisions on patterns, uses of external pools, reconciliation with finance, and the close of a budget year."""

from pathlib import Path

from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Add the tables; nothing of before changes."""
    op.execute(Path(__file__).with_suffix(".sql").read_text("utf-8"))
