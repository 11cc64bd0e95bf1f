"""The first schema: every table of the rooms, their grants and triggers, and the monthly partitions."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Run the frozen script beside this file."""
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    # The script holds percent signs that are not parameters.
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(script)
