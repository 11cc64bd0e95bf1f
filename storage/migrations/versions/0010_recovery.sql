ALTER TABLE case_acts DROP CONSTRAINT ck_case_acts_kind;
ALTER TABLE case_acts ADD CONSTRAINT ck_case_acts_kind CHECK (kind IN ('reviewed', 'noticed', 'signed', 'instructed',
  'paid', 'returned', 'objected', 'answered', 'refused', 'withdrawn', 'recused', 'assessed', 'correction_asked', 'corrected',
  'departments_asked', 'department_answered', 'set_apart', 'late_decided', 'redecided', 'reopened',
  'refusal_served'));
DROP INDEX uq_case_acts_once;
CREATE UNIQUE INDEX uq_case_acts_once ON case_acts (case_id, kind) WHERE kind IN ('paid', 'withdrawn', 'correction_asked');

ALTER TABLE case_decision_numbers DROP CONSTRAINT pk_case_decision_numbers;
ALTER TABLE case_decision_numbers ADD CONSTRAINT pk_case_decision_numbers PRIMARY KEY (case_id, year, number);

ALTER TABLE office_terms DROP CONSTRAINT ck_office_terms_step;
ALTER TABLE office_terms ADD CONSTRAINT ck_office_terms_step CHECK (step IN ('review', 'notice', 'signature', 'answer',
  'instruction', 'payment', 'contest_opening', 'contest_evidence', 'contest_decision', 'hearing', 'statement', 'recovery', 'service', 'repayment', 'pay_back', 'remedy'));

ALTER TABLE vouchers DROP CONSTRAINT ck_vouchers_base;
ALTER TABLE vouchers ADD CONSTRAINT ck_vouchers_base CHECK (base > 0 OR state = 'paid');
ALTER TABLE vouchers DROP CONSTRAINT ck_vouchers_amount;
ALTER TABLE vouchers ADD CONSTRAINT ck_vouchers_amount CHECK ((amount > 0 OR state = 'paid') AND amount <= base);

CREATE TABLE sanction_hearings (
  sanction_id UUID NOT NULL,
  notified_on DATE NOT NULL,
  until DATE NOT NULL,
  answered_on DATE,
  way TEXT COLLATE "C" NOT NULL CONSTRAINT ck_sanction_hearings_way CHECK (way IN ('in_person', 'mail', 'electronic', 'left', 'public_notice')),
  proof BYTEA NOT NULL,
  CONSTRAINT pk_sanction_hearings PRIMARY KEY (sanction_id),
  CONSTRAINT ck_sanction_hearings_term CHECK (until > notified_on),
  CONSTRAINT fk_sanction_hearings_sanction_id FOREIGN KEY(sanction_id) REFERENCES sanction_lines (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT ON sanction_hearings TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON sanction_hearings FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON sanction_hearings FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE voucher_returns (
  voucher_id UUID NOT NULL,
  recovery_id UUID NOT NULL,
  number INTEGER NOT NULL,
  amount BIGINT NOT NULL CONSTRAINT ck_voucher_returns_amount CHECK (amount > 0),
  base BIGINT NOT NULL CONSTRAINT ck_voucher_returns_base CHECK (base >= 0),
  taken_again BOOLEAN NOT NULL,
  returned_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_voucher_returns PRIMARY KEY (voucher_id, recovery_id, number),
  CONSTRAINT fk_voucher_returns_voucher_id FOREIGN KEY(voucher_id) REFERENCES vouchers (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT ON voucher_returns TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON voucher_returns FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON voucher_returns FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE recoveries (
  id UUID NOT NULL,
  authority_id UUID NOT NULL,
  case_id UUID NOT NULL,
  line INTEGER NOT NULL CONSTRAINT ck_recoveries_line CHECK (line >= 1),
  firm_id UUID NOT NULL,
  ground TEXT COLLATE "C" NOT NULL CONSTRAINT ck_recoveries_ground CHECK (ground IN ('fraud', 'misuse', 'false_material', 'mistake', 'later_correction', 'refund', 'red_letter')),
  origin TEXT COLLATE "C" NOT NULL CONSTRAINT ck_recoveries_origin CHECK (origin IN ('own', 'sample', 'adoption_review', 'register_review', 'contest_review')),
  source TEXT COLLATE "C",
  amount_fen BIGINT NOT NULL CONSTRAINT ck_recoveries_amount CHECK (amount_fen > 0),
  facts TEXT NOT NULL,
  clause TEXT NOT NULL,
  state TEXT COLLATE "C" NOT NULL CONSTRAINT ck_recoveries_state CHECK (state IN ('opened', 'heard', 'decided', 'served', 'part_repaid', 'repaid', 'dropped', 'annulled')),
  opened_by UUID NOT NULL,
  opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
  entry_id UUID NOT NULL,
  CONSTRAINT pk_recoveries PRIMARY KEY (id),
  CONSTRAINT ck_recoveries_has_source CHECK ((origin = 'own') = (source IS NULL)),
  CONSTRAINT fk_recoveries_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (id) ON DELETE RESTRICT,
  CONSTRAINT fk_recoveries_case_id FOREIGN KEY(case_id) REFERENCES cases (id) ON DELETE RESTRICT,
  CONSTRAINT fk_recoveries_firm_id FOREIGN KEY(firm_id) REFERENCES firms (id) ON DELETE RESTRICT
);
CREATE INDEX ix_recoveries_authority ON recoveries (authority_id, id);
CREATE INDEX ix_recoveries_case ON recoveries (case_id, line);
CREATE INDEX ix_recoveries_firm ON recoveries (firm_id, id);
GRANT SELECT, INSERT, UPDATE ON recoveries TO sancai_app;

CREATE TABLE recovery_acts (
  recovery_id UUID NOT NULL,
  number INTEGER NOT NULL,
  kind TEXT COLLATE "C" NOT NULL CONSTRAINT ck_recovery_acts_kind CHECK (kind IN ('notified', 'heard', 'decided', 'dropped', 'served', 'repaid', 'reappropriated', 'annulled', 'paid_back')),
  account UUID NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  content JSONB NOT NULL,
  entry_id UUID NOT NULL,
  CONSTRAINT pk_recovery_acts PRIMARY KEY (recovery_id, number),
  CONSTRAINT fk_recovery_acts_recovery_id FOREIGN KEY(recovery_id) REFERENCES recoveries (id) ON DELETE RESTRICT
);
CREATE UNIQUE INDEX uq_recovery_acts_once ON recovery_acts (recovery_id, kind) WHERE kind NOT IN ('repaid', 'reappropriated');
GRANT SELECT, INSERT ON recovery_acts TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON recovery_acts FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON recovery_acts FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE recovery_receipts (
  authority_id UUID NOT NULL,
  bank_receipt TEXT NOT NULL,
  recovery_id UUID NOT NULL,
  CONSTRAINT pk_recovery_receipts PRIMARY KEY (authority_id, bank_receipt),
  CONSTRAINT fk_recovery_receipts_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (id) ON DELETE RESTRICT,
  CONSTRAINT fk_recovery_receipts_recovery_id FOREIGN KEY(recovery_id) REFERENCES recoveries (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT ON recovery_receipts TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON recovery_receipts FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON recovery_receipts FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE remedies (
  id UUID NOT NULL,
  authority_id UUID NOT NULL,
  kind TEXT COLLATE "C" NOT NULL CONSTRAINT ck_remedies_kind CHECK (kind IN ('review', 'reconsideration', 'litigation')),
  subject_kind TEXT COLLATE "C" NOT NULL CONSTRAINT ck_remedies_subject_kind CHECK (subject_kind IN ('refusal', 'recovery', 'sanction')),
  subject TEXT COLLATE "C" NOT NULL,
  decision TEXT COLLATE "C" NOT NULL,
  case_id UUID,
  firm_id UUID NOT NULL,
  organ TEXT NOT NULL,
  number TEXT NOT NULL,
  grounds TEXT NOT NULL,
  filed_on DATE NOT NULL,
  until DATE,
  late_reason TEXT,
  state TEXT COLLATE "C" NOT NULL CONSTRAINT ck_remedies_state CHECK (state IN ('filed', 'upheld', 'annulled', 'withdrawn')),
  filed_by UUID NOT NULL,
  filed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  entry_id UUID NOT NULL,
  CONSTRAINT pk_remedies PRIMARY KEY (id),
  CONSTRAINT ck_remedies_has_case CHECK ((subject_kind = 'sanction') = (case_id IS NULL)),
  CONSTRAINT fk_remedies_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (id) ON DELETE RESTRICT,
  CONSTRAINT fk_remedies_case_id FOREIGN KEY(case_id) REFERENCES cases (id) ON DELETE RESTRICT,
  CONSTRAINT fk_remedies_firm_id FOREIGN KEY(firm_id) REFERENCES firms (id) ON DELETE RESTRICT
);
CREATE INDEX ix_remedies_authority ON remedies (authority_id, id);
CREATE INDEX ix_remedies_case_id ON remedies (case_id);
CREATE INDEX ix_remedies_decision ON remedies (decision);
CREATE INDEX ix_remedies_firm ON remedies (firm_id, id);
CREATE UNIQUE INDEX uq_remedies_open ON remedies (decision) WHERE state = 'filed';
GRANT SELECT, INSERT, UPDATE ON remedies TO sancai_app;

CREATE TABLE remedy_acts (
  remedy_id UUID NOT NULL,
  number INTEGER NOT NULL,
  kind TEXT COLLATE "C" NOT NULL CONSTRAINT ck_remedy_acts_kind CHECK (kind IN ('suspended', 'resumed', 'upheld', 'annulled', 'withdrawn')),
  account UUID NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  content JSONB NOT NULL,
  entry_id UUID NOT NULL,
  CONSTRAINT pk_remedy_acts PRIMARY KEY (remedy_id, number),
  CONSTRAINT fk_remedy_acts_remedy_id FOREIGN KEY(remedy_id) REFERENCES remedies (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT ON remedy_acts TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON remedy_acts FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON remedy_acts FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();
