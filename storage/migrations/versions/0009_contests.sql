ALTER TABLE case_acts DROP CONSTRAINT ck_case_acts_kind;
ALTER TABLE case_acts ADD CONSTRAINT ck_case_acts_kind CHECK (kind IN ('reviewed', 'noticed', 'signed', 'instructed',
  'paid', 'returned', 'objected', 'answered', 'refused', 'withdrawn', 'recused', 'assessed', 'correction_asked', 'corrected',
  'departments_asked', 'department_answered', 'set_apart', 'late_decided', 'redecided'));
ALTER TABLE case_decisions DROP CONSTRAINT ck_case_decisions_occasion;
ALTER TABLE case_decisions ADD CONSTRAINT ck_case_decisions_occasion
  CHECK (occasion IN ('application', 'assessment', 'payment', 'contest'));
ALTER TABLE office_terms DROP CONSTRAINT ck_office_terms_step;
ALTER TABLE office_terms ADD CONSTRAINT ck_office_terms_step CHECK (step IN ('review', 'notice', 'signature', 'answer',
  'instruction', 'payment', 'contest_opening', 'contest_evidence', 'contest_decision'));

CREATE TABLE novelty_decisions (
  contest_id UUID NOT NULL,
  authority_id UUID NOT NULL,
  year SMALLINT NOT NULL,
  number INTEGER NOT NULL,
  outcome TEXT COLLATE "C" NOT NULL,
  contester UUID NOT NULL,
  contester_version UUID NOT NULL,
  respondent UUID NOT NULL,
  respondent_version UUID NOT NULL,
  place TEXT NOT NULL,
  day DATE,
  reason TEXT NOT NULL,
  decided_by UUID NOT NULL,
  decided_at TIMESTAMP WITH TIME ZONE NOT NULL,
  entry_id UUID NOT NULL,
  CONSTRAINT pk_novelty_decisions PRIMARY KEY (contest_id),
  CONSTRAINT ck_novelty_decisions_outcome CHECK (outcome IN ('stays', 'moves', 'independent', 'earlier')),
  CONSTRAINT ck_novelty_decisions_day CHECK ((outcome = 'independent') = (day IS NULL)),
  CONSTRAINT uq_novelty_decisions_authority_id_year_number UNIQUE (authority_id, year, number),
  CONSTRAINT fk_novelty_decisions_authority_id FOREIGN KEY (authority_id)
    REFERENCES authorities (id) ON DELETE RESTRICT,
  CONSTRAINT fk_novelty_decisions_contester FOREIGN KEY (contester)
    REFERENCES datasets (id) ON DELETE RESTRICT,
  CONSTRAINT fk_novelty_decisions_contester_version FOREIGN KEY (contester_version)
    REFERENCES versions (id) ON DELETE RESTRICT,
  CONSTRAINT fk_novelty_decisions_respondent FOREIGN KEY (respondent)
    REFERENCES datasets (id) ON DELETE RESTRICT,
  CONSTRAINT fk_novelty_decisions_respondent_version FOREIGN KEY (respondent_version)
    REFERENCES versions (id) ON DELETE RESTRICT
);
CREATE INDEX ix_novelty_decisions_contester ON novelty_decisions (contester);
CREATE INDEX ix_novelty_decisions_respondent ON novelty_decisions (respondent);
GRANT SELECT, INSERT ON novelty_decisions TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON novelty_decisions
  FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON novelty_decisions
  FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE contests (
  id UUID NOT NULL,
  authority_id UUID NOT NULL,
  contester_firm UUID NOT NULL,
  contester_dataset UUID NOT NULL,
  contester_version UUID NOT NULL,
  contester_name TEXT NOT NULL,
  respondent_firm UUID NOT NULL,
  respondent_dataset UUID NOT NULL,
  respondent_version UUID NOT NULL,
  respondent_name TEXT NOT NULL,
  lower_dataset UUID NOT NULL,
  higher_dataset UUID NOT NULL,
  ground TEXT COLLATE "C" NOT NULL CONSTRAINT ck_contests_ground CHECK (ground IN ('same_content', 'near_duplicate', 'overlap')),
  statement TEXT NOT NULL,
  state TEXT COLLATE "C" NOT NULL CONSTRAINT ck_contests_state CHECK (state IN ('open', 'decided', 'withdrawn')),
  opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
  opened_by UUID NOT NULL,
  evidence_until TIMESTAMP WITH TIME ZONE NOT NULL,
  entry_id UUID NOT NULL,
  CONSTRAINT pk_contests PRIMARY KEY (id),
  CONSTRAINT ck_contests_two_sides CHECK (contester_firm <> respondent_firm AND lower_dataset < higher_dataset),
  CONSTRAINT fk_contests_authority_id FOREIGN KEY (authority_id)
    REFERENCES authorities (id) ON DELETE RESTRICT,
  CONSTRAINT fk_contests_contester_firm FOREIGN KEY (contester_firm)
    REFERENCES firms (id) ON DELETE RESTRICT,
  CONSTRAINT fk_contests_contester_dataset FOREIGN KEY (contester_dataset)
    REFERENCES datasets (id) ON DELETE RESTRICT,
  CONSTRAINT fk_contests_contester_version FOREIGN KEY (contester_version)
    REFERENCES versions (id) ON DELETE RESTRICT,
  CONSTRAINT fk_contests_respondent_firm FOREIGN KEY (respondent_firm)
    REFERENCES firms (id) ON DELETE RESTRICT,
  CONSTRAINT fk_contests_respondent_dataset FOREIGN KEY (respondent_dataset)
    REFERENCES datasets (id) ON DELETE RESTRICT,
  CONSTRAINT fk_contests_respondent_version FOREIGN KEY (respondent_version)
    REFERENCES versions (id) ON DELETE RESTRICT
);
CREATE INDEX ix_contests_authority ON contests (authority_id, opened_at);
CREATE UNIQUE INDEX uq_contests_one_of_a_pair ON contests (authority_id, lower_dataset, higher_dataset) WHERE state <> 'withdrawn';
GRANT SELECT, INSERT, UPDATE ON contests TO sancai_app;

CREATE TABLE contest_evidence (
  contest_id UUID NOT NULL,
  number SMALLINT NOT NULL,
  firm UUID NOT NULL,
  evidence_id UUID NOT NULL,
  digest BYTEA NOT NULL,
  file_name TEXT NOT NULL,
  claimed_on DATE NOT NULL,
  shows TEXT NOT NULL,
  confidential BOOLEAN NOT NULL,
  summary TEXT NOT NULL,
  filed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  filed_by UUID NOT NULL,
  entry_id UUID NOT NULL,
  CONSTRAINT pk_contest_evidence PRIMARY KEY (contest_id, number),
  CONSTRAINT ck_contest_evidence_summary CHECK (NOT confidential OR summary <> ''),
  CONSTRAINT fk_contest_evidence_contest_id FOREIGN KEY (contest_id)
    REFERENCES contests (id) ON DELETE RESTRICT,
  CONSTRAINT fk_contest_evidence_firm FOREIGN KEY (firm)
    REFERENCES firms (id) ON DELETE RESTRICT,
  CONSTRAINT fk_contest_evidence_evidence_id FOREIGN KEY (evidence_id)
    REFERENCES evidence (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT ON contest_evidence TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON contest_evidence
  FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON contest_evidence
  FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE contest_draws (
  contest_id UUID NOT NULL,
  number SMALLINT NOT NULL,
  seed BYTEA NOT NULL,
  candidates JSONB NOT NULL,
  drawn UUID NOT NULL,
  reason TEXT NOT NULL,
  drawn_at TIMESTAMP WITH TIME ZONE NOT NULL,
  drawn_by UUID NOT NULL,
  entry_id UUID NOT NULL,
  CONSTRAINT pk_contest_draws PRIMARY KEY (contest_id, number),
  CONSTRAINT fk_contest_draws_contest_id FOREIGN KEY (contest_id)
    REFERENCES contests (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT ON contest_draws TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON contest_draws
  FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON contest_draws
  FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE contest_reviews (
  contest_id UUID NOT NULL,
  case_id UUID NOT NULL,
  opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
  outcome TEXT COLLATE "C" CONSTRAINT ck_contest_reviews_outcome CHECK (outcome IN ('stands', 'recover')),
  reason TEXT,
  answered_at TIMESTAMP WITH TIME ZONE,
  answered_by UUID,
  entry_id UUID,
  CONSTRAINT pk_contest_reviews PRIMARY KEY (contest_id, case_id),
  CONSTRAINT ck_contest_reviews_answered_whole CHECK (num_nonnulls(outcome, reason, answered_at, answered_by, entry_id) IN (0, 5)),
  CONSTRAINT fk_contest_reviews_contest_id FOREIGN KEY (contest_id)
    REFERENCES contests (id) ON DELETE RESTRICT,
  CONSTRAINT fk_contest_reviews_case_id FOREIGN KEY (case_id)
    REFERENCES cases (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT, UPDATE ON contest_reviews TO sancai_app;
