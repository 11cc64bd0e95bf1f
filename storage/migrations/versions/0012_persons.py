"""Natural persons: a party without a code, whose data stand sealed in rows that can be erased."""

from alembic import op

revision = "0012"
down_revision = "0011"

_STATEMENTS = """
CREATE TABLE persons (
  id UUID NOT NULL,
  authority_id UUID NOT NULL,
  identity_digest BYTEA NOT NULL,
  data_digest BYTEA NOT NULL,
  seen_by UUID NOT NULL,
  registered_at TIMESTAMP WITH TIME ZONE NOT NULL,
  erased_at TIMESTAMP WITH TIME ZONE,
  erased_by UUID,
  CONSTRAINT pk_persons PRIMARY KEY (id),
  CONSTRAINT ck_persons_erased_whole CHECK ((erased_at IS NULL) = (erased_by IS NULL)),
  CONSTRAINT fk_persons_id FOREIGN KEY (id) REFERENCES firms (id) ON DELETE RESTRICT,
  CONSTRAINT fk_persons_authority_id FOREIGN KEY (authority_id) REFERENCES authorities (id) ON DELETE RESTRICT
);
CREATE UNIQUE INDEX uq_persons_identity ON persons (authority_id, identity_digest) WHERE erased_at IS NULL;
GRANT SELECT, INSERT, UPDATE ON persons TO sancai_app;

CREATE TABLE person_data (
  person_id UUID NOT NULL,
  masked_name TEXT NOT NULL,
  sealed BYTEA NOT NULL,
  CONSTRAINT pk_person_data PRIMARY KEY (person_id),
  CONSTRAINT fk_person_data_person_id FOREIGN KEY (person_id) REFERENCES persons (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT, UPDATE, DELETE ON person_data TO sancai_app;

CREATE TABLE case_personal (
  case_id UUID NOT NULL,
  person_id UUID NOT NULL,
  payee_sealed BYTEA NOT NULL,
  keys_sealed BYTEA NOT NULL,
  CONSTRAINT pk_case_personal PRIMARY KEY (case_id),
  CONSTRAINT fk_case_personal_case_id FOREIGN KEY (case_id) REFERENCES cases (id) ON DELETE RESTRICT,
  CONSTRAINT fk_case_personal_person_id FOREIGN KEY (person_id) REFERENCES persons (id) ON DELETE RESTRICT
);
CREATE INDEX ix_case_personal_person_id ON case_personal (person_id);
GRANT SELECT, INSERT, UPDATE, DELETE ON case_personal TO sancai_app;

ALTER TABLE case_lines ALTER COLUMN firm_name DROP NOT NULL;

ALTER TABLE case_payees ALTER COLUMN account_name DROP NOT NULL;
ALTER TABLE case_payees ALTER COLUMN bank DROP NOT NULL;
ALTER TABLE case_payees ALTER COLUMN masked_number DROP NOT NULL;
ALTER TABLE case_payees ALTER COLUMN sealed DROP NOT NULL;
ALTER TABLE case_payees ADD CONSTRAINT ck_case_payees_whole_or_elsewhere
  CHECK (num_nonnulls(account_name, bank, masked_number, sealed) IN (0, 4));
"""


def upgrade() -> None:
    """Let a party be a natural person; what firms have stays as it is."""
    op.execute(_STATEMENTS)
