"""Vouchers that were redeemed on the periods of an order leave room for its next one."""

from alembic import op

revision = "0027"
down_revision = "0026"

_STATEMENTS = """
ALTER TABLE vouchers ADD COLUMN by_periods BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE vouchers ADD CONSTRAINT ck_vouchers_by_periods CHECK (invoice_id IS NOT NULL OR NOT by_periods);

DROP INDEX ux_vouchers_order;
CREATE UNIQUE INDEX ux_vouchers_order ON vouchers (order_id)
  WHERE state IN ('held', 'instructed', 'paid', 'redeemed', 'returned', 'settled') AND NOT by_periods;
CREATE INDEX ix_vouchers_order_id ON vouchers (order_id);
"""


def upgrade() -> None:
    """Add the column; invoices name periods since 0025 of the same release, so nothing was redeemed by them yet."""
    op.execute(_STATEMENTS)
