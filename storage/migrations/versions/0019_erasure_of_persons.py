"""What is kept of a natural person elsewhere is erased, too: answers that name it, its documents; ends of firms."""

from alembic import op

revision = "0019"
down_revision = "0018"

_STATEMENTS = """
ALTER TABLE persons ADD COLUMN carried_out_at TIMESTAMP WITH TIME ZONE;
ALTER TABLE persons ADD COLUMN stuck TEXT COLLATE "C";
ALTER TABLE persons ADD CONSTRAINT ck_persons_carried_out_after_erasure
  CHECK (carried_out_at IS NULL OR erased_at IS NOT NULL);
CREATE INDEX ix_persons_erased_waiting ON persons (id) WHERE erased_at IS NOT NULL AND carried_out_at IS NULL;

CREATE TABLE idempotency_answer_persons (
  person_id UUID NOT NULL,
  party TEXT COLLATE "C" NOT NULL,
  operation TEXT COLLATE "C" NOT NULL,
  key TEXT COLLATE "C" NOT NULL,
  CONSTRAINT pk_idempotency_answer_persons PRIMARY KEY (person_id, party, operation, key),
  CONSTRAINT fk_idempotency_answer_persons_person_id FOREIGN KEY (person_id) REFERENCES persons (id) ON DELETE RESTRICT,
  CONSTRAINT fk_idempotency_answer_persons_party_operation_key FOREIGN KEY (party, operation, key)
    REFERENCES idempotency_answers (party, operation, key) ON DELETE RESTRICT
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON idempotency_answer_persons
  FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON idempotency_answer_persons
  FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();
GRANT SELECT, INSERT ON idempotency_answer_persons TO sancai_app;

ALTER TABLE evidence DROP CONSTRAINT ck_evidence_state;
ALTER TABLE evidence ADD CONSTRAINT ck_evidence_state CHECK (state IN ('awaiting', 'verified', 'erased'));

CREATE TABLE erased_documents (
  owner_firm UUID NOT NULL,
  store TEXT COLLATE "C" NOT NULL,
  bucket TEXT COLLATE "C" NOT NULL,
  key TEXT COLLATE "C" NOT NULL,
  version_id TEXT COLLATE "C",
  gone_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_erased_documents PRIMARY KEY (owner_firm, store, bucket, key),
  CONSTRAINT fk_erased_documents_owner_firm FOREIGN KEY (owner_firm) REFERENCES firms (id) ON DELETE RESTRICT
);
CREATE INDEX ix_erased_documents_left ON erased_documents (owner_firm) WHERE gone_at IS NULL;
GRANT SELECT, INSERT, UPDATE ON erased_documents TO sancai_app;

CREATE TABLE firm_ends (
  id UUID NOT NULL,
  authority_id UUID NOT NULL,
  valid_from DATE NOT NULL,
  valid_until DATE,
  source TEXT NOT NULL,
  obtained_on DATE NOT NULL,
  recorded_by UUID,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  recorded_until TIMESTAMP WITH TIME ZONE,
  firm_id UUID NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  successor_id UUID,
  document_number TEXT NOT NULL,
  document_digest BYTEA NOT NULL,
  revoked_by_document TEXT,
  revoked_reason TEXT,
  CONSTRAINT pk_firm_ends PRIMARY KEY (id),
  CONSTRAINT ck_firm_ends_valid_time CHECK (valid_until > valid_from),
  CONSTRAINT ck_firm_ends_recorded_time CHECK (recorded_until >= recorded_at),
  CONSTRAINT ck_firm_ends_kind CHECK (kind IN ('deregistered', 'merged', 'moved_away')),
  CONSTRAINT ck_firm_ends_successor CHECK ((kind = 'merged') = (successor_id IS NOT NULL)),
  CONSTRAINT ck_firm_ends_another CHECK (successor_id <> firm_id),
  CONSTRAINT ck_firm_ends_revoked_whole
    CHECK (num_nonnulls(recorded_until, revoked_by_document, revoked_reason) IN (0, 3)),
  CONSTRAINT fk_firm_ends_authority_id FOREIGN KEY (authority_id) REFERENCES authorities (id) ON DELETE RESTRICT,
  CONSTRAINT fk_firm_ends_firm_id FOREIGN KEY (firm_id) REFERENCES firms (id) ON DELETE RESTRICT,
  CONSTRAINT fk_firm_ends_successor_id FOREIGN KEY (successor_id) REFERENCES firms (id) ON DELETE RESTRICT
);
CREATE INDEX ix_firm_ends_authority_id ON firm_ends (authority_id);
CREATE INDEX ix_firm_ends_firm_id ON firm_ends (firm_id);
GRANT SELECT, INSERT, UPDATE ON firm_ends TO sancai_app;

ALTER TABLE register_corrections DROP CONSTRAINT ck_register_corrections_register;
ALTER TABLE register_corrections ADD CONSTRAINT ck_register_corrections_register
  CHECK (register IN ('firm', 'control', 'fact', 'leader_list', 'provider', 'sanction', 'end'));

CREATE INDEX ix_contests_contester_dataset ON contests (contester_dataset);
CREATE INDEX ix_contests_respondent_dataset ON contests (respondent_dataset);
"""

_ANSWERS = """
INSERT INTO idempotency_answer_persons (person_id, party, operation, key)
WITH named AS (
  SELECT id AS person, 'firm_' || replace(id::text, '-', '') AS name FROM persons
  UNION
  SELECT p.id, 'case_' || replace(c.id::text, '-', '') FROM cases c JOIN persons p ON p.id = c.applicant
)
SELECT DISTINCT named.person, a.party, a.operation, a.key
  FROM idempotency_answers a
 CROSS JOIN LATERAL regexp_matches(a.outcome::text, '((firm|case)_[0-9a-f]{32})', 'g') AS found (name)
  JOIN named ON named.name = found.name[1]
 WHERE EXISTS (SELECT FROM persons);
"""


def upgrade() -> None:
    """Note whom kept answers name; a worker then erases what is left of persons that were erased before."""
    op.execute(_STATEMENTS)
    op.execute(_ANSWERS)
