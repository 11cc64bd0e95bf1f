CREATE TABLE voucher_pattern_decisions (
  voucher_id UUID NOT NULL,
  number INTEGER NOT NULL,
  pattern TEXT COLLATE "C" NOT NULL,
  digest BYTEA NOT NULL,
  outcome TEXT COLLATE "C" NOT NULL CONSTRAINT ck_voucher_pattern_decisions_outcome CHECK (outcome IN ('cleared', 'upheld')),
  document_number TEXT NOT NULL,
  reason TEXT NOT NULL,
  decided_by UUID NOT NULL,
  decided_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_voucher_pattern_decisions PRIMARY KEY (voucher_id, number),
  CONSTRAINT fk_voucher_pattern_decisions_voucher_id FOREIGN KEY(voucher_id) REFERENCES vouchers (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT ON voucher_pattern_decisions TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON voucher_pattern_decisions FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON voucher_pattern_decisions FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE external_uses (
  id UUID NOT NULL,
  authority_id UUID NOT NULL,
  document TEXT COLLATE "C" NOT NULL,
  instrument TEXT COLLATE "C" NOT NULL,
  firm_id UUID NOT NULL,
  organ TEXT NOT NULL,
  number TEXT COLLATE "C" NOT NULL,
  line INTEGER NOT NULL CONSTRAINT ck_external_uses_line CHECK (line > 0),
  decided_on DATE NOT NULL,
  amount BIGINT NOT NULL CONSTRAINT ck_external_uses_amount CHECK (amount > 0),
  order_id UUID,
  invoice_number TEXT COLLATE "C",
  source TEXT NOT NULL,
  recorded_by UUID NOT NULL,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_external_uses PRIMARY KEY (id),
  CONSTRAINT ck_external_uses_purchase CHECK (num_nonnulls(order_id, invoice_number) > 0),
  CONSTRAINT fk_external_uses_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (id) ON DELETE RESTRICT,
  CONSTRAINT fk_external_uses_firm_id FOREIGN KEY(firm_id) REFERENCES firms (id) ON DELETE RESTRICT,
  CONSTRAINT fk_external_uses_order_id FOREIGN KEY(order_id) REFERENCES orders (id) ON DELETE RESTRICT
);
CREATE INDEX ix_external_uses_firm_id ON external_uses (firm_id);
CREATE INDEX ix_external_uses_line_of_document ON external_uses (authority_id, number, line);
CREATE INDEX ix_external_uses_invoice_number ON external_uses (invoice_number);
CREATE INDEX ix_external_uses_order_id ON external_uses (order_id);
GRANT SELECT, INSERT ON external_uses TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON external_uses FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON external_uses FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE external_uses_ended (
  use_id UUID NOT NULL,
  number TEXT NOT NULL,
  reason TEXT NOT NULL,
  ended_by UUID NOT NULL,
  ended_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_external_uses_ended PRIMARY KEY (use_id),
  CONSTRAINT fk_external_uses_ended_use_id FOREIGN KEY(use_id) REFERENCES external_uses (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT ON external_uses_ended TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON external_uses_ended FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON external_uses_ended FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE reconciliations (
  id UUID NOT NULL,
  authority_id UUID NOT NULL,
  budget_year INTEGER NOT NULL,
  file BYTEA NOT NULL,
  ours BYTEA NOT NULL,
  payments INTEGER NOT NULL,
  rows INTEGER NOT NULL,
  differences JSONB NOT NULL,
  made_by UUID NOT NULL,
  made_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_reconciliations PRIMARY KEY (id),
  CONSTRAINT fk_reconciliations_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (id) ON DELETE RESTRICT
);
CREATE INDEX ix_reconciliations_authority ON reconciliations (authority_id, id);
GRANT SELECT, INSERT ON reconciliations TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON reconciliations FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON reconciliations FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE reconciliations_signed (
  reconciliation_id UUID NOT NULL,
  statement TEXT NOT NULL,
  signed_by UUID NOT NULL,
  signed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_reconciliations_signed PRIMARY KEY (reconciliation_id),
  CONSTRAINT fk_reconciliations_signed_reconciliation_id FOREIGN KEY(reconciliation_id) REFERENCES reconciliations (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT ON reconciliations_signed TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON reconciliations_signed FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON reconciliations_signed FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE year_closings (
  id UUID NOT NULL,
  authority_id UUID NOT NULL,
  budget_year INTEGER NOT NULL,
  content JSONB NOT NULL,
  digest BYTEA NOT NULL,
  proposed_by UUID NOT NULL,
  proposed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_year_closings PRIMARY KEY (id),
  CONSTRAINT fk_year_closings_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT ON year_closings TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON year_closings FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON year_closings FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE year_closings_confirmed (
  authority_id UUID NOT NULL,
  budget_year INTEGER NOT NULL,
  closing_id UUID NOT NULL,
  confirmed_by UUID NOT NULL,
  confirmed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_year_closings_confirmed PRIMARY KEY (authority_id, budget_year),
  CONSTRAINT fk_year_closings_confirmed_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (id) ON DELETE RESTRICT,
  CONSTRAINT fk_year_closings_confirmed_closing_id FOREIGN KEY(closing_id) REFERENCES year_closings (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT ON year_closings_confirmed TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON year_closings_confirmed FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON year_closings_confirmed FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE carried_instructions (
  closing_id UUID NOT NULL,
  case_id UUID NOT NULL,
  number TEXT NOT NULL,
  CONSTRAINT pk_carried_instructions PRIMARY KEY (closing_id, case_id),
  CONSTRAINT fk_carried_instructions_closing_id FOREIGN KEY(closing_id) REFERENCES year_closings (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT ON carried_instructions TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON carried_instructions FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON carried_instructions FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE INDEX ix_ledger_postings_logged_at ON ledger_postings USING brin (logged_at) WITH (autosummarize = on);
