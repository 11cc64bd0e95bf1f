"""The log of the ledger: number, log time and hash of every posting on both accounts; what was paid before the system."""

from alembic import op

revision = "0013"
down_revision = "0006"

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


def upgrade() -> None:
    """Give every posting its place."""
    op.execute(_LOG)
    op.execute(_PLACED)
    op.execute(_CLOSED)
