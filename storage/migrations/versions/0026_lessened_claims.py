"""Claims of vouchers that are lessened, and rounds whose closing moves."""

from alembic import op

revision = "0026"
down_revision = "0024"

_LESSENED = """
ALTER TABLE voucher_decisions ADD COLUMN number INTEGER NOT NULL DEFAULT '1';
ALTER TABLE voucher_decisions DROP CONSTRAINT pk_voucher_decisions;
ALTER TABLE voucher_decisions ADD CONSTRAINT pk_voucher_decisions PRIMARY KEY (voucher_id, step, number);
ALTER TABLE voucher_decisions DROP CONSTRAINT ck_voucher_decisions_step;
ALTER TABLE voucher_decisions ADD CONSTRAINT ck_voucher_decisions_step
  CHECK (step IN ('held', 'redeemed', 'lessened'));
ALTER TABLE vouchers DROP CONSTRAINT ck_vouchers_claim;
ALTER TABLE vouchers ADD CONSTRAINT ck_vouchers_claim CHECK (
  (invoice_id IS NOT NULL OR state IN ('held', 'released', 'expired'))
  AND (invoice_id IS NULL OR state NOT IN ('held', 'expired')));
"""


def upgrade() -> None:
    """Let a voucher be lessened, several times, down to nothing."""
    op.execute(_LESSENED)
