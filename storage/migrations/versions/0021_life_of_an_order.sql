ALTER TABLE orders DROP CONSTRAINT ck_orders_state;
ALTER TABLE orders ADD CONSTRAINT ck_orders_state
  CHECK (state IN ('placed', 'accepted', 'delivered', 'closed', 'cancelled', 'refunded'));
ALTER TABLE orders DROP CONSTRAINT ck_orders_delivered;
ALTER TABLE orders ADD CONSTRAINT ck_orders_delivered
  CHECK (state = 'refunded' OR (delivered_at IS NOT NULL) = (state IN ('delivered', 'closed')));

CREATE TABLE invoice_numbers (
  number TEXT COLLATE "C" NOT NULL CONSTRAINT ck_invoice_numbers_number CHECK (number ~ '^[0-9]{20}$'),
  CONSTRAINT pk_invoice_numbers PRIMARY KEY (number)
);
GRANT SELECT, INSERT ON invoice_numbers TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON invoice_numbers
  FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON invoice_numbers
  FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();
INSERT INTO invoice_numbers SELECT number FROM invoices;

CREATE TABLE red_letters (
  id UUID NOT NULL,
  invoice_id UUID NOT NULL,
  order_id UUID NOT NULL,
  number TEXT COLLATE "C" NOT NULL,
  issued_on DATE NOT NULL,
  net BIGINT NOT NULL CONSTRAINT ck_red_letters_net CHECK (net > 0),
  vat BIGINT NOT NULL CONSTRAINT ck_red_letters_vat CHECK (vat >= 0),
  verification TEXT COLLATE "C" NOT NULL CONSTRAINT ck_red_letters_verification
    CHECK (verification IN ('unverified', 'verified', 'void', 'red')),
  checked_on DATE,
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_red_letters PRIMARY KEY (id),
  CONSTRAINT ck_red_letters_checked CHECK ((verification = 'unverified') = (checked_on IS NULL)),
  CONSTRAINT fk_red_letters_invoice_id FOREIGN KEY(invoice_id) REFERENCES invoices (id) ON DELETE RESTRICT,
  CONSTRAINT fk_red_letters_order_id FOREIGN KEY(order_id) REFERENCES orders (id) ON DELETE RESTRICT,
  CONSTRAINT fk_red_letters_number FOREIGN KEY(number) REFERENCES invoice_numbers (number) ON DELETE RESTRICT,
  CONSTRAINT uq_red_letters_number UNIQUE (number)
);
CREATE INDEX ix_red_letters_order_id ON red_letters (order_id);
GRANT SELECT, INSERT, UPDATE ON red_letters TO sancai_app;

CREATE TABLE order_refunds (
  id UUID NOT NULL,
  order_id UUID NOT NULL,
  invoice_id UUID,
  seller_id UUID NOT NULL,
  reference TEXT COLLATE "C" NOT NULL,
  refunded_on DATE NOT NULL,
  amount BIGINT NOT NULL CONSTRAINT ck_order_refunds_amount CHECK (amount > 0),
  state TEXT COLLATE "C" NOT NULL CONSTRAINT ck_order_refunds_state
    CHECK (state IN ('recorded', 'confirmed', 'refused')),
  recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
  answered_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_order_refunds PRIMARY KEY (id),
  CONSTRAINT uq_order_refunds_seller_id_reference UNIQUE (seller_id, reference),
  CONSTRAINT ck_order_refunds_answered CHECK ((state = 'recorded') = (answered_at IS NULL)),
  CONSTRAINT fk_order_refunds_order_id FOREIGN KEY(order_id) REFERENCES orders (id) ON DELETE RESTRICT,
  CONSTRAINT fk_order_refunds_invoice_id FOREIGN KEY(invoice_id) REFERENCES invoices (id) ON DELETE RESTRICT,
  CONSTRAINT fk_order_refunds_seller_id FOREIGN KEY(seller_id) REFERENCES firms (id) ON DELETE RESTRICT
);
CREATE INDEX ix_order_refunds_order_id ON order_refunds (order_id);
GRANT SELECT, INSERT, UPDATE ON order_refunds TO sancai_app;

ALTER TABLE orders ADD COLUMN signed_at TIMESTAMP WITH TIME ZONE;
UPDATE orders SET signed_at = accepted_at WHERE accepted_at IS NOT NULL;
ALTER TABLE orders DROP CONSTRAINT ck_orders_accepted;
ALTER TABLE orders ADD CONSTRAINT ck_orders_accepted
  CHECK (state = 'cancelled' OR (accepted_at IS NULL) = (state = 'placed'));
ALTER TABLE orders ADD CONSTRAINT ck_orders_signed
  CHECK (signed_at IS NULL OR (accepted_at IS NOT NULL AND state <> 'cancelled'));
ALTER TABLE orders ADD CONSTRAINT ck_orders_delivered_signed CHECK (delivered_at IS NULL OR signed_at IS NOT NULL);

CREATE TABLE contract_buyer_signatures (
  order_id UUID NOT NULL,
  contract_digest BYTEA NOT NULL,
  firm_id UUID NOT NULL,
  account_id UUID NOT NULL,
  signed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  key TEXT NOT NULL,
  signature BYTEA NOT NULL CONSTRAINT ck_contract_buyer_signatures_ed25519 CHECK (length(signature) = 64),
  CONSTRAINT pk_contract_buyer_signatures PRIMARY KEY (order_id),
  CONSTRAINT fk_contract_buyer_signatures_order_id
    FOREIGN KEY(order_id) REFERENCES contracts (order_id) ON DELETE RESTRICT,
  CONSTRAINT fk_contract_buyer_signatures_firm_id FOREIGN KEY(firm_id) REFERENCES firms (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT ON contract_buyer_signatures TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON contract_buyer_signatures
  FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON contract_buyer_signatures
  FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE order_reminders (
  order_id UUID NOT NULL,
  waits_for TEXT COLLATE "C" NOT NULL,
  kind TEXT COLLATE "C" NOT NULL,
  sent_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_order_reminders PRIMARY KEY (order_id, waits_for, kind),
  CONSTRAINT fk_order_reminders_order_id FOREIGN KEY(order_id) REFERENCES orders (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT ON order_reminders TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON order_reminders
  FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON order_reminders
  FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE order_disputes (
  id UUID NOT NULL,
  order_id UUID NOT NULL,
  reason TEXT NOT NULL,
  evidence TEXT[] COLLATE "C" NOT NULL,
  state TEXT COLLATE "C" NOT NULL CONSTRAINT ck_order_disputes_state
    CHECK (state IN ('open', 'settled', 'decided', 'withdrawn')),
  opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
  proposed_remedy TEXT COLLATE "C" CONSTRAINT ck_order_disputes_proposed_remedy
    CHECK (proposed_remedy IN ('refund', 'redelivery', 'nothing')),
  proposed_refund BIGINT,
  proposed_text TEXT,
  proposed_at TIMESTAMP WITH TIME ZONE,
  remedy TEXT COLLATE "C" CONSTRAINT ck_order_disputes_remedy CHECK (remedy IN ('refund', 'redelivery', 'nothing')),
  refund BIGINT,
  ended_text TEXT,
  ended_at TIMESTAMP WITH TIME ZONE,
  ended_by UUID,
  number TEXT,
  authority_id UUID,
  CONSTRAINT pk_order_disputes PRIMARY KEY (id),
  CONSTRAINT uq_order_disputes_authority_id_number UNIQUE (authority_id, number),
  CONSTRAINT ck_order_disputes_ended CHECK ((state = 'open') = (ended_at IS NULL)),
  CONSTRAINT ck_order_disputes_number CHECK ((state = 'decided') = (number IS NOT NULL)),
  CONSTRAINT ck_order_disputes_authority CHECK ((number IS NULL) = (authority_id IS NULL)),
  CONSTRAINT ck_order_disputes_outcome CHECK (num_nonnulls(remedy, refund, ended_text, ended_at) IN (0, 4)),
  CONSTRAINT ck_order_disputes_proposal
    CHECK (num_nonnulls(proposed_remedy, proposed_refund, proposed_text, proposed_at) IN (0, 4)),
  CONSTRAINT fk_order_disputes_order_id FOREIGN KEY(order_id) REFERENCES orders (id) ON DELETE RESTRICT,
  CONSTRAINT fk_order_disputes_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (id) ON DELETE RESTRICT
);
CREATE INDEX ix_order_disputes_order_id ON order_disputes (order_id);
CREATE UNIQUE INDEX ux_order_disputes_open ON order_disputes (order_id) WHERE state = 'open';
GRANT SELECT, INSERT, UPDATE ON order_disputes TO sancai_app;
