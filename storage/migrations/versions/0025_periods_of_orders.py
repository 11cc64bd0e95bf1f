"""Periods of orders, what buyers say of them, and which invoices bill them."""

from alembic import op

revision = "0025"
down_revision = "0024"

_STATEMENTS = """
CREATE TABLE order_periods (
  id UUID NOT NULL,
  order_id UUID NOT NULL,
  first_day DATE NOT NULL,
  last_day DATE NOT NULL,
  used BIGINT NOT NULL,
  due BIGINT NOT NULL,
  log_digest BYTEA,
  evidence_id UUID,
  stated_at TIMESTAMP WITH TIME ZONE NOT NULL,
  stated_by UUID,
  CONSTRAINT pk_order_periods PRIMARY KEY (id),
  CONSTRAINT fk_order_periods_order_id FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE RESTRICT,
  CONSTRAINT fk_order_periods_evidence_id FOREIGN KEY (evidence_id) REFERENCES evidence (id) ON DELETE RESTRICT,
  CONSTRAINT ck_order_periods_used CHECK (used >= 0),
  CONSTRAINT ck_order_periods_due CHECK (due >= 0),
  CONSTRAINT ck_order_periods_days CHECK (first_day <= last_day),
  CONSTRAINT ck_order_periods_log CHECK (evidence_id IS NULL OR log_digest IS NOT NULL)
);
CREATE INDEX ix_order_periods_order_id ON order_periods (order_id);
GRANT SELECT, INSERT ON order_periods TO sancai_app;

CREATE TABLE order_period_answers (
  period_id UUID NOT NULL,
  accepted BOOLEAN NOT NULL,
  reason TEXT NOT NULL,
  answered_at TIMESTAMP WITH TIME ZONE NOT NULL,
  answered_by UUID,
  CONSTRAINT pk_order_period_answers PRIMARY KEY (period_id),
  CONSTRAINT fk_order_period_answers_period_id FOREIGN KEY (period_id) REFERENCES order_periods (id)
    ON DELETE RESTRICT,
  CONSTRAINT ck_order_period_answers_reason CHECK (accepted OR reason <> '')
);
GRANT SELECT, INSERT ON order_period_answers TO sancai_app;

CREATE TABLE invoice_periods (
  invoice_id UUID NOT NULL,
  period_id UUID NOT NULL,
  CONSTRAINT pk_invoice_periods PRIMARY KEY (invoice_id, period_id),
  CONSTRAINT fk_invoice_periods_invoice_id FOREIGN KEY (invoice_id) REFERENCES invoices (id) ON DELETE RESTRICT,
  CONSTRAINT fk_invoice_periods_period_id FOREIGN KEY (period_id) REFERENCES order_periods (id) ON DELETE RESTRICT
);
CREATE INDEX ix_invoice_periods_period_id ON invoice_periods (period_id);
GRANT SELECT, INSERT ON invoice_periods TO sancai_app;
"""

_APPEND_ONLY = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}
  FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON {table}
  FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();
"""


def upgrade() -> None:
    """Add the tables; orders of before have no periods."""
    op.execute(_STATEMENTS)
    for table in ("order_periods", "order_period_answers", "invoice_periods"):
        op.execute(_APPEND_ONLY.format(table=table))
