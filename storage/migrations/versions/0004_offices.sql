ALTER TABLE case_acts DROP CONSTRAINT ck_case_acts_kind;
ALTER TABLE case_acts ADD CONSTRAINT ck_case_acts_kind CHECK (kind IN (
  'reviewed', 'noticed', 'signed', 'instructed', 'paid', 'returned', 'objected', 'answered', 'refused', 'withdrawn',
  'recused'));
-- A review that a recusal made void is done again.
DROP INDEX uq_case_acts_once;
CREATE UNIQUE INDEX uq_case_acts_once ON case_acts (case_id, kind) WHERE kind IN ('paid', 'refused', 'withdrawn');

CREATE TABLE office_terms (
  authority_id UUID NOT NULL,
  number TEXT COLLATE "C" NOT NULL,
  step TEXT COLLATE "C" NOT NULL CONSTRAINT ck_office_terms_step CHECK (step IN ('review', 'notice', 'signature', 'answer', 'instruction', 'payment')),
  days SMALLINT NOT NULL CONSTRAINT ck_office_terms_days CHECK (days >= 1),
  unit TEXT COLLATE "C" NOT NULL CONSTRAINT ck_office_terms_unit CHECK (unit IN ('working', 'calendar')),
  organ TEXT NOT NULL,
  decided_on DATE NOT NULL,
  words TEXT NOT NULL,
  entered_at TIMESTAMP WITH TIME ZONE NOT NULL,
  entered_by UUID NOT NULL,
  entry_id UUID NOT NULL,
  CONSTRAINT pk_office_terms PRIMARY KEY (authority_id, number, step),
  CONSTRAINT fk_office_terms_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT ON office_terms TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON office_terms FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON office_terms FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE officer_interests (
  id UUID NOT NULL,
  authority_id UUID NOT NULL,
  officer UUID NOT NULL,
  firm_id UUID NOT NULL,
  ground TEXT COLLATE "C" NOT NULL CONSTRAINT ck_officer_interests_ground CHECK (ground IN ('own', 'family', 'former', 'other')),
  note TEXT NOT NULL,
  stated_at TIMESTAMP WITH TIME ZONE NOT NULL,
  stated_by UUID NOT NULL,
  ended_at TIMESTAMP WITH TIME ZONE,
  entry_id UUID NOT NULL,
  CONSTRAINT pk_officer_interests PRIMARY KEY (id),
  CONSTRAINT fk_officer_interests_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (id) ON DELETE RESTRICT,
  CONSTRAINT fk_officer_interests_officer FOREIGN KEY(officer) REFERENCES accounts (id) ON DELETE RESTRICT,
  CONSTRAINT fk_officer_interests_firm_id FOREIGN KEY(firm_id) REFERENCES firms (id) ON DELETE RESTRICT
);
CREATE INDEX ix_officer_interests_office ON officer_interests (authority_id, id);
GRANT SELECT, INSERT, UPDATE ON officer_interests TO sancai_app;

CREATE TABLE officer_absences (
  id UUID NOT NULL,
  authority_id UUID NOT NULL,
  officer UUID NOT NULL,
  first_day DATE NOT NULL,
  last_day DATE NOT NULL,
  reason TEXT NOT NULL,
  entered_at TIMESTAMP WITH TIME ZONE NOT NULL,
  entered_by UUID NOT NULL,
  ended_at TIMESTAMP WITH TIME ZONE,
  entry_id UUID NOT NULL,
  CONSTRAINT pk_officer_absences PRIMARY KEY (id),
  CONSTRAINT ck_officer_absences_days CHECK (first_day <= last_day),
  CONSTRAINT fk_officer_absences_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (id) ON DELETE RESTRICT,
  CONSTRAINT fk_officer_absences_officer FOREIGN KEY(officer) REFERENCES accounts (id) ON DELETE RESTRICT
);
CREATE INDEX ix_officer_absences_office ON officer_absences (authority_id, last_day);
GRANT SELECT, INSERT, UPDATE ON officer_absences TO sancai_app;

CREATE TABLE delegations (
  id UUID NOT NULL,
  authority_id UUID NOT NULL,
  principal UUID NOT NULL,
  delegate UUID NOT NULL,
  rank TEXT COLLATE "C" NOT NULL CONSTRAINT ck_delegations_rank CHECK (rank IN ('section_head', 'leader_in_charge', 'principal_leader')),
  instruments JSONB,
  first_day DATE NOT NULL,
  last_day DATE NOT NULL,
  document_number TEXT COLLATE "C" NOT NULL,
  made_at TIMESTAMP WITH TIME ZONE NOT NULL,
  ended_at TIMESTAMP WITH TIME ZONE,
  entry_id UUID NOT NULL,
  CONSTRAINT pk_delegations PRIMARY KEY (id),
  CONSTRAINT ck_delegations_sound CHECK (first_day <= last_day AND principal <> delegate),
  CONSTRAINT fk_delegations_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (id) ON DELETE RESTRICT,
  CONSTRAINT fk_delegations_principal FOREIGN KEY(principal) REFERENCES accounts (id) ON DELETE RESTRICT,
  CONSTRAINT fk_delegations_delegate FOREIGN KEY(delegate) REFERENCES accounts (id) ON DELETE RESTRICT
);
CREATE INDEX ix_delegations_office ON delegations (authority_id, last_day);
GRANT SELECT, INSERT, UPDATE ON delegations TO sancai_app;

CREATE TABLE reviewer_draws (
  case_id UUID NOT NULL,
  number SMALLINT NOT NULL,
  seed BYTEA NOT NULL,
  candidates JSONB NOT NULL,
  drawn UUID NOT NULL,
  reason TEXT NOT NULL,
  drawn_at TIMESTAMP WITH TIME ZONE NOT NULL,
  drawn_by UUID NOT NULL,
  entry_id UUID NOT NULL,
  CONSTRAINT pk_reviewer_draws PRIMARY KEY (case_id, number),
  CONSTRAINT fk_reviewer_draws_case_id FOREIGN KEY(case_id) REFERENCES cases (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT ON reviewer_draws TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON reviewer_draws FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON reviewer_draws FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE case_reminders (
  case_id UUID NOT NULL,
  waits_for TEXT COLLATE "C" NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  sent_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_case_reminders PRIMARY KEY (case_id, waits_for, kind),
  CONSTRAINT fk_case_reminders_case_id FOREIGN KEY(case_id) REFERENCES cases (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT ON case_reminders TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON case_reminders FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON case_reminders FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE samples (
  id UUID NOT NULL,
  authority_id UUID NOT NULL,
  first_day DATE NOT NULL,
  last_day DATE NOT NULL,
  share_bp INTEGER NOT NULL CONSTRAINT ck_samples_share CHECK (share_bp BETWEEN 1 AND 10000),
  least INTEGER NOT NULL CONSTRAINT ck_samples_least CHECK (least >= 1),
  reason TEXT NOT NULL,
  population JSONB NOT NULL,
  drawn JSONB NOT NULL,
  seed BYTEA NOT NULL,
  drawn_by UUID NOT NULL,
  drawn_at TIMESTAMP WITH TIME ZONE NOT NULL,
  entry_id UUID NOT NULL,
  CONSTRAINT pk_samples PRIMARY KEY (id),
  CONSTRAINT fk_samples_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (id) ON DELETE RESTRICT
);
CREATE INDEX ix_samples_office ON samples (authority_id, id);
GRANT SELECT, INSERT ON samples TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON samples FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON samples FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE sample_findings (
  sample_id UUID NOT NULL,
  case_id UUID NOT NULL,
  in_order BOOLEAN NOT NULL,
  words TEXT NOT NULL,
  found_by UUID NOT NULL,
  found_at TIMESTAMP WITH TIME ZONE NOT NULL,
  entry_id UUID NOT NULL,
  CONSTRAINT pk_sample_findings PRIMARY KEY (sample_id, case_id),
  CONSTRAINT fk_sample_findings_sample_id FOREIGN KEY(sample_id) REFERENCES samples (id) ON DELETE RESTRICT,
  CONSTRAINT fk_sample_findings_case_id FOREIGN KEY(case_id) REFERENCES cases (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT ON sample_findings TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON sample_findings FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON sample_findings FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();
