"""The life of an order: red letters and refunds."""

from pathlib import Path

from alembic import op

revision = "0021"
down_revision = "0017"


def upgrade() -> None:
    """Add the tables, and take over the numbers that invoices used; orders stay as they are."""
    op.execute(Path(__file__).with_suffix(".sql").read_text("utf-8"))
