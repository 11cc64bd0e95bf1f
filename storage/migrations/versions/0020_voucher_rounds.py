"""Rounds in which vouchers of a pool are given out, and what is requested in closed ones."""

from alembic import op

revision = "0020"
down_revision = "0019"

_STATEMENTS = """
CREATE TABLE voucher_rounds (
  id UUID NOT NULL,
  authority_id UUID NOT NULL,
  pool_id UUID NOT NULL,
  title TEXT NOT NULL,
  opens_at TIMESTAMP WITH TIME ZONE NOT NULL,
  closes_at TIMESTAMP WITH TIME ZONE NOT NULL,
  budget BIGINT NOT NULL,
  used BIGINT NOT NULL,
  allocation TEXT COLLATE "C" NOT NULL,
  published_at TIMESTAMP WITH TIME ZONE NOT NULL,
  published_by UUID,
  cancelled_at TIMESTAMP WITH TIME ZONE,
  divided_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_voucher_rounds PRIMARY KEY (id),
  CONSTRAINT fk_voucher_rounds_authority_id FOREIGN KEY (authority_id) REFERENCES authorities (id) ON DELETE RESTRICT,
  CONSTRAINT fk_voucher_rounds_pool_id FOREIGN KEY (pool_id) REFERENCES pools (id) ON DELETE RESTRICT,
  CONSTRAINT ck_voucher_rounds_budget CHECK (budget > 0),
  CONSTRAINT ck_voucher_rounds_used_within_budget CHECK (used BETWEEN 0 AND budget),
  CONSTRAINT ck_voucher_rounds_allocation CHECK (allocation IN ('first_come', 'pro_rata')),
  CONSTRAINT ck_voucher_rounds_window CHECK (opens_at < closes_at),
  CONSTRAINT ck_voucher_rounds_divided
    CHECK (divided_at IS NULL OR (allocation = 'pro_rata' AND cancelled_at IS NULL))
);
CREATE INDEX ix_voucher_rounds_pool_id ON voucher_rounds (pool_id);
GRANT SELECT, INSERT, UPDATE ON voucher_rounds TO sancai_app;

ALTER TABLE vouchers ADD COLUMN round_id UUID;
ALTER TABLE vouchers ADD CONSTRAINT fk_vouchers_round_id FOREIGN KEY (round_id) REFERENCES voucher_rounds (id)
  ON DELETE RESTRICT;

CREATE TABLE voucher_requests (
  id UUID NOT NULL,
  round_id UUID NOT NULL,
  authority_id UUID NOT NULL,
  firm_id UUID NOT NULL,
  order_id UUID NOT NULL,
  filed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  filed_by UUID,
  state TEXT COLLATE "C" NOT NULL,
  ceiling BIGINT NOT NULL,
  amount BIGINT NOT NULL,
  voucher_id UUID,
  reason TEXT COLLATE "C" NOT NULL,
  CONSTRAINT pk_voucher_requests PRIMARY KEY (id),
  CONSTRAINT fk_voucher_requests_round_id FOREIGN KEY (round_id) REFERENCES voucher_rounds (id) ON DELETE RESTRICT,
  CONSTRAINT fk_voucher_requests_authority_id FOREIGN KEY (authority_id) REFERENCES authorities (id) ON DELETE RESTRICT,
  CONSTRAINT fk_voucher_requests_firm_id FOREIGN KEY (firm_id) REFERENCES firms (id) ON DELETE RESTRICT,
  CONSTRAINT fk_voucher_requests_order_id FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE RESTRICT,
  CONSTRAINT fk_voucher_requests_voucher_id FOREIGN KEY (voucher_id) REFERENCES vouchers (id) ON DELETE RESTRICT,
  CONSTRAINT uq_voucher_requests_round_id_order_id UNIQUE (round_id, order_id),
  CONSTRAINT ck_voucher_requests_state CHECK (state IN ('filed', 'held', 'refused')),
  CONSTRAINT ck_voucher_requests_ceiling CHECK (ceiling >= 0),
  CONSTRAINT ck_voucher_requests_amount CHECK (amount BETWEEN 0 AND ceiling),
  CONSTRAINT ck_voucher_requests_voucher CHECK ((voucher_id IS NOT NULL) = (state = 'held'))
);
CREATE INDEX ix_voucher_requests_round_id_id ON voucher_requests (round_id, id);
CREATE INDEX ix_voucher_requests_firm_id_id ON voucher_requests (firm_id, id);
GRANT SELECT, INSERT, UPDATE ON voucher_requests TO sancai_app;
"""


def upgrade() -> None:
    """Add rounds and requests; vouchers of before came in no round."""
    op.execute(_STATEMENTS)
