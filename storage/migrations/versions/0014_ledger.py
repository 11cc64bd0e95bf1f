"""The log of the ledger: number, log time and hash of every posting on both accounts; what was paid before the system."""

from alembic import op

revision = "0014"
down_revision = "0013"

_LOG = """
ALTER TABLE ledger_accounts ADD COLUMN moves BIGINT;
ALTER TABLE ledger_accounts ADD COLUMN moved_at TIMESTAMP WITH TIME ZONE;
ALTER TABLE ledger_accounts ADD COLUMN head BYTEA;
UPDATE ledger_accounts SET moves = 0, head = decode(repeat('00', 32), 'hex');
ALTER TABLE ledger_accounts ALTER COLUMN moves SET NOT NULL;
ALTER TABLE ledger_accounts ALTER COLUMN head SET NOT NULL;
ALTER TABLE ledger_accounts ADD CONSTRAINT ck_ledger_accounts_head CHECK (length(head) = 32);

ALTER TABLE ledger_postings ADD COLUMN logged_at TIMESTAMP WITH TIME ZONE;
ALTER TABLE ledger_postings ADD COLUMN debit_move BIGINT;
ALTER TABLE ledger_postings ADD COLUMN credit_move BIGINT;
ALTER TABLE ledger_postings ADD COLUMN chain BYTEA;
ALTER TABLE ledger_postings ADD COLUMN entry_id UUID;
ALTER TABLE ledger_postings DISABLE TRIGGER append_only;
"""

# What stands is given its place in the order it was made, by the rule of registry/vouchers/chain.py.
_PLACED = """
DO $$
DECLARE
  p RECORD;
  d RECORD;
  c RECORD;
  at TIMESTAMPTZ;
  h BYTEA;
BEGIN
  FOR p IN SELECT * FROM ledger_postings ORDER BY id LOOP
    SELECT moves, moved_at, head INTO d FROM ledger_accounts WHERE account = p.debit;
    SELECT moves, moved_at, head INTO c FROM ledger_accounts WHERE account = p.credit;
    at := greatest(p.posted_at, d.moved_at + interval '1 microsecond', c.moved_at + interval '1 microsecond');
    h := sha256(d.head || c.head || convert_to(concat_ws('|', replace(p.id::text, '-', ''), p.debit, p.credit, p.amount,
      p.subject, d.moves + 1, c.moves + 1, (extract(epoch FROM at) * 1000000)::bigint), 'UTF8'));
    UPDATE ledger_postings SET logged_at = at, debit_move = d.moves + 1, credit_move = c.moves + 1, chain = h
      WHERE id = p.id;
    UPDATE ledger_accounts SET moves = moves + 1, moved_at = at, head = h WHERE account IN (p.debit, p.credit);
  END LOOP;
END $$;
"""

_CLOSED = """
ALTER TABLE ledger_postings ENABLE TRIGGER append_only;
ALTER TABLE ledger_postings ALTER COLUMN logged_at SET NOT NULL;
ALTER TABLE ledger_postings ALTER COLUMN debit_move SET NOT NULL;
ALTER TABLE ledger_postings ALTER COLUMN credit_move SET NOT NULL;
ALTER TABLE ledger_postings ALTER COLUMN chain SET NOT NULL;
ALTER TABLE ledger_postings ADD CONSTRAINT ck_ledger_postings_chain CHECK (length(chain) = 32);
"""

_OPENINGS = """
CREATE TABLE ledger_openings (
  id UUID NOT NULL,
  authority_id UUID NOT NULL,
  digest BYTEA NOT NULL,
  content BYTEA NOT NULL,
  proposed_by UUID NOT NULL,
  proposed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_ledger_openings PRIMARY KEY (id),
  CONSTRAINT fk_ledger_openings_authority_id FOREIGN KEY (authority_id) REFERENCES authorities (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT ON ledger_openings TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger_openings FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON ledger_openings
  FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE ledger_openings_confirmed (
  authority_id UUID NOT NULL,
  opening_id UUID NOT NULL,
  confirmed_by UUID NOT NULL,
  confirmed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_ledger_openings_confirmed PRIMARY KEY (authority_id),
  CONSTRAINT fk_ledger_openings_confirmed_authority_id FOREIGN KEY (authority_id) REFERENCES authorities (id) ON DELETE RESTRICT,
  CONSTRAINT fk_ledger_openings_confirmed_opening_id FOREIGN KEY (opening_id) REFERENCES ledger_openings (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT ON ledger_openings_confirmed TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger_openings_confirmed FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON ledger_openings_confirmed
  FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE past_uses (
  opening_id UUID NOT NULL,
  line INTEGER NOT NULL,
  authority_id UUID NOT NULL,
  pool_id UUID NOT NULL,
  firm_id UUID NOT NULL,
  "group" TEXT COLLATE "C" NOT NULL,
  year INTEGER NOT NULL,
  base BIGINT NOT NULL,
  amount BIGINT NOT NULL,
  CONSTRAINT pk_past_uses PRIMARY KEY (opening_id, line),
  CONSTRAINT fk_past_uses_opening_id FOREIGN KEY (opening_id) REFERENCES ledger_openings (id) ON DELETE RESTRICT,
  CONSTRAINT fk_past_uses_authority_id FOREIGN KEY (authority_id) REFERENCES authorities (id) ON DELETE RESTRICT,
  CONSTRAINT fk_past_uses_pool_id FOREIGN KEY (pool_id) REFERENCES pools (id) ON DELETE RESTRICT,
  CONSTRAINT fk_past_uses_firm_id FOREIGN KEY (firm_id) REFERENCES firms (id) ON DELETE RESTRICT
);
CREATE INDEX ix_past_uses_firm_id ON past_uses (firm_id);
GRANT SELECT, INSERT ON past_uses TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON past_uses FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON past_uses
  FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE past_awards (
  opening_id UUID NOT NULL,
  line INTEGER NOT NULL,
  authority_id UUID NOT NULL,
  instrument TEXT COLLATE "C" NOT NULL,
  firm_id UUID NOT NULL,
  year INTEGER NOT NULL,
  amount BIGINT NOT NULL,
  dataset_id UUID,
  CONSTRAINT pk_past_awards PRIMARY KEY (opening_id, line),
  CONSTRAINT fk_past_awards_opening_id FOREIGN KEY (opening_id) REFERENCES ledger_openings (id) ON DELETE RESTRICT,
  CONSTRAINT fk_past_awards_authority_id FOREIGN KEY (authority_id) REFERENCES authorities (id) ON DELETE RESTRICT,
  CONSTRAINT fk_past_awards_firm_id FOREIGN KEY (firm_id) REFERENCES firms (id) ON DELETE RESTRICT,
  CONSTRAINT fk_past_awards_dataset_id FOREIGN KEY (dataset_id) REFERENCES datasets (id) ON DELETE RESTRICT
);
CREATE INDEX ix_past_awards_dataset_id ON past_awards (dataset_id);
GRANT SELECT, INSERT ON past_awards TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON past_awards FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON past_awards
  FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();
"""


def upgrade() -> None:
    """Give every posting its place, and make room for opening balances."""
    op.execute(_LOG)
    op.execute(_PLACED)
    op.execute(_CLOSED)
    op.execute(_OPENINGS)
