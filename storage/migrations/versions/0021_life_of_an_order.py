"""The life of an order: red letters, refunds, the buyer's signature, reminders and disputes."""

from pathlib import Path

from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Add the tables, and take over the numbers that invoices used; orders accepted before count as signed as they were."""
    op.execute(Path(__file__).with_suffix(".sql").read_text("utf-8"))
