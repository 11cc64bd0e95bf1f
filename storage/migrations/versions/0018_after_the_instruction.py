"""What comes between an instruction and the bank's receipt is looked at later; decisions on contests may fall."""

from alembic import op

revision = "0018"
down_revision = "0017"

_STATEMENTS = """
ALTER TABLE case_acts DROP CONSTRAINT ck_case_acts_kind;
ALTER TABLE case_acts ADD CONSTRAINT ck_case_acts_kind CHECK (kind IN (%(kinds)s));
ALTER TABLE recoveries DROP CONSTRAINT ck_recoveries_origin;
ALTER TABLE recoveries ADD CONSTRAINT ck_recoveries_origin CHECK (origin IN ('own', 'sample', 'adoption_review',
  'register_review', 'contest_review', 'invoice', 'objection', 'payment_review'));
ALTER TABLE office_terms DROP CONSTRAINT ck_office_terms_step;
ALTER TABLE office_terms ADD CONSTRAINT ck_office_terms_step CHECK (step IN (%(steps)s));

ALTER TABLE novelty_decisions DROP CONSTRAINT pk_novelty_decisions;
ALTER TABLE novelty_decisions ADD CONSTRAINT pk_novelty_decisions PRIMARY KEY (contest_id, year, number);
CREATE TABLE novelty_voids (
  contest_id UUID NOT NULL,
  year SMALLINT NOT NULL,
  number INTEGER NOT NULL,
  ground TEXT COLLATE "C" NOT NULL,
  voided_at TIMESTAMP WITH TIME ZONE NOT NULL,
  voided_by UUID NOT NULL,
  entry_id UUID NOT NULL,
  CONSTRAINT pk_novelty_voids PRIMARY KEY (contest_id, year, number),
  CONSTRAINT ck_novelty_voids_ground CHECK (ground IN ('annulled', 'decider_tied')),
  CONSTRAINT fk_novelty_voids_contest_id_year_number FOREIGN KEY (contest_id, year, number)
    REFERENCES novelty_decisions (contest_id, year, number) ON DELETE RESTRICT
);
GRANT SELECT, INSERT ON novelty_voids TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON novelty_voids
  FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON novelty_voids
  FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

ALTER TABLE contest_reviews DROP CONSTRAINT pk_contest_reviews;
ALTER TABLE contest_reviews ADD CONSTRAINT pk_contest_reviews PRIMARY KEY (contest_id, case_id, opened_at);

ALTER TABLE case_reminders DROP CONSTRAINT fk_case_reminders_case_id;
"""

_KINDS = (
    *("reviewed", "noticed", "signed", "instructed", "paid", "returned", "objected", "answered", "refused"),
    *("withdrawn", "recused", "assessed", "correction_asked", "corrected", "departments_asked", "department_answered"),
    *("set_apart", "late_decided", "redecided", "reopened", "refusal_served", "experts_drawn", "scores_opened"),
    *("allotted", "split_signed", "split_withdrawn", "contest_voided", "payment_reviewed"),
)
_STEPS = (
    *("review", "notice", "signature", "answer", "instruction", "payment", "payment_review", "contest_opening"),
    *("contest_evidence", "contest_decision", "contest_recusal", "hearing", "statement", "recovery", "service"),
    *("repayment", "pay_back", "remedy", "reconsideration", "litigation"),
)


def _listed(values: tuple[str, ...]) -> str:
    return ", ".join(f"'{each}'" for each in values)


def upgrade() -> None:
    """Widen what is done to a case, what a recovery comes of and what is waited for; let contests be decided again."""
    op.execute(_STATEMENTS % {"kinds": _listed(_KINDS), "steps": _listed(_STEPS)})
