"""Rounds with score sheets, the register of experts, panels drawn by lot and sealed scores."""

from alembic import op

revision = "0013"
down_revision = "0012"

_STATEMENTS = """
ALTER TABLE case_acts DROP CONSTRAINT ck_case_acts_kind;
ALTER TABLE case_acts ADD CONSTRAINT ck_case_acts_kind CHECK (kind IN ('reviewed', 'noticed', 'signed', 'instructed',
  'paid', 'returned', 'objected', 'answered', 'refused', 'withdrawn', 'recused', 'assessed', 'correction_asked', 'corrected',
  'departments_asked', 'department_answered', 'set_apart', 'late_decided', 'redecided', 'reopened',
  'refusal_served', 'experts_drawn', 'scores_opened', 'allotted'));

CREATE TABLE rounds (
  id UUID NOT NULL,
  authority_id UUID NOT NULL,
  document TEXT COLLATE "C" NOT NULL,
  instrument TEXT COLLATE "C" NOT NULL,
  CONSTRAINT pk_rounds PRIMARY KEY (id),
  CONSTRAINT fk_rounds_authority_id FOREIGN KEY (authority_id) REFERENCES authorities (id) ON DELETE RESTRICT
);
CREATE INDEX ix_rounds_instrument ON rounds (authority_id, instrument);
GRANT SELECT, INSERT ON rounds TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON rounds FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON rounds
  FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE round_revisions (
  round_id UUID NOT NULL,
  number SMALLINT NOT NULL,
  title TEXT NOT NULL,
  guide_id UUID NOT NULL,
  guide_digest BYTEA NOT NULL,
  guide_url TEXT NOT NULL,
  opens_at TIMESTAMP WITH TIME ZONE NOT NULL,
  closes_at TIMESTAMP WITH TIME ZONE NOT NULL,
  budget_fen BIGINT,
  allocation TEXT COLLATE "C" NOT NULL,
  checklist JSONB NOT NULL,
  extra_items JSONB NOT NULL,
  score_sheet JSONB,
  score_table JSONB NOT NULL,
  decision_number TEXT NOT NULL,
  reason TEXT NOT NULL,
  published_at TIMESTAMP WITH TIME ZONE NOT NULL,
  published_by UUID NOT NULL,
  entry_id UUID NOT NULL,
  CONSTRAINT pk_round_revisions PRIMARY KEY (round_id, number),
  CONSTRAINT ck_round_revisions_window CHECK (opens_at < closes_at),
  CONSTRAINT fk_round_revisions_round_id FOREIGN KEY (round_id) REFERENCES rounds (id) ON DELETE RESTRICT,
  CONSTRAINT fk_round_revisions_guide_id FOREIGN KEY (guide_id) REFERENCES evidence (id) ON DELETE RESTRICT,
  CONSTRAINT ck_round_revisions_budget CHECK (budget_fen > 0),
  CONSTRAINT ck_round_revisions_allocation CHECK (allocation IN ('first_come', 'pro_rata', 'ranked'))
);
GRANT SELECT, INSERT ON round_revisions TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON round_revisions
  FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON round_revisions
  FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE case_rounds (
  case_id UUID NOT NULL,
  round_id UUID NOT NULL,
  CONSTRAINT pk_case_rounds PRIMARY KEY (case_id),
  CONSTRAINT fk_case_rounds_case_id FOREIGN KEY (case_id) REFERENCES cases (id) ON DELETE RESTRICT,
  CONSTRAINT fk_case_rounds_round_id FOREIGN KEY (round_id) REFERENCES rounds (id) ON DELETE RESTRICT
);
CREATE INDEX ix_case_rounds_round_id ON case_rounds (round_id);
GRANT SELECT, INSERT ON case_rounds TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON case_rounds FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON case_rounds
  FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE experts (
  authority_id UUID NOT NULL,
  expert UUID NOT NULL,
  fields JSONB NOT NULL,
  note TEXT NOT NULL,
  entered_at TIMESTAMP WITH TIME ZONE NOT NULL,
  entered_by UUID NOT NULL,
  ended_at TIMESTAMP WITH TIME ZONE,
  entry_id UUID NOT NULL,
  CONSTRAINT pk_experts PRIMARY KEY (authority_id, expert),
  CONSTRAINT fk_experts_authority_id FOREIGN KEY (authority_id) REFERENCES authorities (id) ON DELETE RESTRICT,
  CONSTRAINT fk_experts_expert FOREIGN KEY (expert) REFERENCES accounts (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT, UPDATE ON experts TO sancai_app;

CREATE TABLE expert_draws (
  case_id UUID NOT NULL,
  number SMALLINT NOT NULL,
  seed BYTEA NOT NULL,
  candidates JSONB NOT NULL,
  drawn JSONB NOT NULL,
  replaced UUID,
  reason TEXT NOT NULL,
  due_on DATE NOT NULL,
  drawn_at TIMESTAMP WITH TIME ZONE NOT NULL,
  drawn_by UUID NOT NULL,
  entry_id UUID NOT NULL,
  CONSTRAINT pk_expert_draws PRIMARY KEY (case_id, number),
  CONSTRAINT fk_expert_draws_case_id FOREIGN KEY (case_id) REFERENCES cases (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT ON expert_draws TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON expert_draws FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON expert_draws
  FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE expert_seats (
  case_id UUID NOT NULL,
  expert UUID NOT NULL,
  CONSTRAINT pk_expert_seats PRIMARY KEY (case_id, expert),
  CONSTRAINT fk_expert_seats_case_id FOREIGN KEY (case_id) REFERENCES cases (id) ON DELETE RESTRICT,
  CONSTRAINT fk_expert_seats_expert FOREIGN KEY (expert) REFERENCES accounts (id) ON DELETE RESTRICT
);
CREATE INDEX ix_expert_seats_expert ON expert_seats (expert, case_id);
GRANT SELECT, INSERT ON expert_seats TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON expert_seats FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON expert_seats
  FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE case_scores (
  case_id UUID NOT NULL,
  expert UUID NOT NULL,
  marks JSONB NOT NULL,
  salt BYTEA NOT NULL,
  commitment BYTEA NOT NULL,
  given_at TIMESTAMP WITH TIME ZONE NOT NULL,
  entry_id UUID NOT NULL,
  CONSTRAINT pk_case_scores PRIMARY KEY (case_id, expert),
  CONSTRAINT fk_case_scores_case_id FOREIGN KEY (case_id) REFERENCES cases (id) ON DELETE RESTRICT,
  CONSTRAINT fk_case_scores_expert FOREIGN KEY (expert) REFERENCES accounts (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT ON case_scores TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON case_scores FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON case_scores
  FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();
"""


def upgrade() -> None:
    """Add what rounds and experts need; cases of before came in no round."""
    op.execute(_STATEMENTS)
