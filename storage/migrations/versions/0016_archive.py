"""Archives of closed cases, the orders that hold them, and their disposals."""

from pathlib import Path

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Add the tables; nothing of before changes."""
    op.execute(Path(__file__).with_suffix(".sql").read_text("utf-8"))
