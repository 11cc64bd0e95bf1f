"""Claims of vouchers that are lessened, rounds whose closing moves, requests that are withdrawn."""

from alembic import op

revision = "0026"
down_revision = "0025"

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

_ROUNDS = """
CREATE TABLE voucher_round_closings (
  round_id UUID NOT NULL,
  number INTEGER NOT NULL,
  closed_before TIMESTAMP WITH TIME ZONE NOT NULL,
  closes_at TIMESTAMP WITH TIME ZONE NOT NULL,
  document_number TEXT NOT NULL,
  reason TEXT NOT NULL,
  moved_at TIMESTAMP WITH TIME ZONE NOT NULL,
  moved_by UUID,
  CONSTRAINT pk_voucher_round_closings PRIMARY KEY (round_id, number),
  CONSTRAINT fk_voucher_round_closings_round_id FOREIGN KEY (round_id) REFERENCES voucher_rounds (id)
    ON DELETE RESTRICT,
  CONSTRAINT ck_voucher_round_closings_later CHECK (closed_before < closes_at)
);
GRANT SELECT, INSERT ON voucher_round_closings TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON voucher_round_closings
  FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON voucher_round_closings
  FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

ALTER TABLE voucher_requests ADD COLUMN withdrawn_at TIMESTAMP WITH TIME ZONE;
ALTER TABLE voucher_requests DROP CONSTRAINT ck_voucher_requests_state;
ALTER TABLE voucher_requests ADD CONSTRAINT ck_voucher_requests_state
  CHECK (state IN ('filed', 'held', 'refused', 'withdrawn'));
ALTER TABLE voucher_requests ADD CONSTRAINT ck_voucher_requests_withdrawn
  CHECK ((withdrawn_at IS NOT NULL) = (state = 'withdrawn'));
ALTER TABLE voucher_requests DROP CONSTRAINT uq_voucher_requests_round_id_order_id;
CREATE UNIQUE INDEX ux_voucher_requests_order ON voucher_requests (round_id, order_id) WHERE state <> 'withdrawn';
"""


def upgrade() -> None:
    """Let claims be lessened, closings be moved, requests be withdrawn."""
    op.execute(_LESSENED)
    op.execute(_ROUNDS)
