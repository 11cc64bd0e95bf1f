"""Conditions of offers, grants of one version or all, and the meter of what was read."""

from alembic import op

revision = "0024"
down_revision = "0022"

_OFFERS = """
ALTER TABLE listings ADD COLUMN licence TEXT COLLATE "C";
ALTER TABLE listings ADD COLUMN price_kind TEXT COLLATE "C" NOT NULL DEFAULT 'fixed';
ALTER TABLE listings ADD COLUMN unit_size BIGINT;
ALTER TABLE listings ADD COLUMN delivery TEXT[] COLLATE "C" NOT NULL DEFAULT '{}';
ALTER TABLE listings ADD COLUMN buyer_kind TEXT COLLATE "C" NOT NULL DEFAULT 'all';
ALTER TABLE listings ADD COLUMN buyer_firms UUID[] NOT NULL DEFAULT '{}';
ALTER TABLE listings ADD COLUMN buyer_sectors TEXT[] COLLATE "C" NOT NULL DEFAULT '{}';
ALTER TABLE listings ADD COLUMN source_evidence UUID;
ALTER TABLE listings ADD COLUMN rights_evidence UUID;
UPDATE listings SET delivery = '{download}' WHERE dataset_id IS NOT NULL;
ALTER TABLE listings ALTER COLUMN price_kind DROP DEFAULT;
ALTER TABLE listings ALTER COLUMN delivery DROP DEFAULT;
ALTER TABLE listings ALTER COLUMN buyer_kind DROP DEFAULT;
ALTER TABLE listings ALTER COLUMN buyer_firms DROP DEFAULT;
ALTER TABLE listings ALTER COLUMN buyer_sectors DROP DEFAULT;

ALTER TABLE listings DROP CONSTRAINT ck_listings_price;
ALTER TABLE listings ADD CONSTRAINT ck_listings_price CHECK (unit_price >= 0);
ALTER TABLE listings ADD CONSTRAINT ck_listings_price_kind
  CHECK (price_kind IN ('free', 'fixed', 'by_volume', 'by_call'));
ALTER TABLE listings ADD CONSTRAINT ck_listings_unit_size CHECK (unit_size > 0);
ALTER TABLE listings ADD CONSTRAINT ck_listings_buyer_kind
  CHECK (buyer_kind IN ('all', 'mainland', 'firms', 'sectors'));
ALTER TABLE listings ADD CONSTRAINT ck_listings_free CHECK ((price_kind = 'free') = (unit_price = 0));
ALTER TABLE listings ADD CONSTRAINT ck_listings_metered
  CHECK ((price_kind IN ('by_volume', 'by_call')) = (unit_size IS NOT NULL));
ALTER TABLE listings DROP CONSTRAINT ck_listings_dataset_with_version;
ALTER TABLE listings ADD CONSTRAINT ck_listings_version_of_dataset
  CHECK (version_id IS NULL OR dataset_id IS NOT NULL);
ALTER TABLE listings ADD CONSTRAINT fk_listings_source_evidence
  FOREIGN KEY (source_evidence) REFERENCES evidence (id) ON DELETE RESTRICT;
ALTER TABLE listings ADD CONSTRAINT fk_listings_rights_evidence
  FOREIGN KEY (rights_evidence) REFERENCES evidence (id) ON DELETE RESTRICT;

ALTER TABLE orders DROP CONSTRAINT ck_orders_net;
ALTER TABLE orders ADD CONSTRAINT ck_orders_net CHECK (net >= 0);

ALTER TABLE grants ADD COLUMN version_id UUID;
ALTER TABLE grants ADD COLUMN ways TEXT[] COLLATE "C" NOT NULL DEFAULT '{download,table_reads}';
ALTER TABLE grants ALTER COLUMN ways DROP DEFAULT;
ALTER TABLE grants ADD CONSTRAINT fk_grants_version_id
  FOREIGN KEY (version_id) REFERENCES versions (id) ON DELETE RESTRICT;
"""

_METER = """
ALTER TABLE deliveries ADD COLUMN metered_bytes BIGINT NOT NULL DEFAULT '0';
CREATE TABLE metered_reads (
  party TEXT COLLATE "C" NOT NULL,
  version_id UUID NOT NULL,
  day DATE NOT NULL,
  door TEXT COLLATE "C" NOT NULL,
  reads INTEGER NOT NULL CONSTRAINT ck_metered_reads_reads CHECK (reads >= 0),
  sent_bytes BIGINT NOT NULL CONSTRAINT ck_metered_reads_sent_bytes CHECK (sent_bytes > 0),
  CONSTRAINT pk_metered_reads PRIMARY KEY (party, version_id, day, door),
  CONSTRAINT fk_metered_reads_version_id FOREIGN KEY (version_id) REFERENCES versions (id) ON DELETE RESTRICT
);
CREATE INDEX ix_metered_reads_version ON metered_reads (version_id, day);
GRANT SELECT, INSERT, UPDATE ON metered_reads TO sancai_app;

UPDATE deliveries SET metered_bytes =
  (SELECT coalesce(sum(upper(span) - lower(span)), 0) FROM unnest(covered) AS span);
INSERT INTO metered_reads (party, version_id, day, door, reads, sent_bytes)
SELECT event.party, event.version_id, CAST(timezone('Asia/Shanghai', event.read_at) AS date), event.door,
       count(*), sum(held.metered_bytes)
  FROM deliveries held JOIN usage_events event ON event.id = held.read_id AND event.read_at = held.read_at
 WHERE held.metered_bytes > 0
 GROUP BY 1, 2, 3, 4;
"""

_HOLDERS = """
CREATE TABLE version_holders (
  version_id UUID NOT NULL,
  firm UUID NOT NULL,
  noted_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_version_holders PRIMARY KEY (version_id, firm),
  CONSTRAINT fk_version_holders_version_id FOREIGN KEY (version_id) REFERENCES versions (id) ON DELETE RESTRICT,
  CONSTRAINT fk_version_holders_firm FOREIGN KEY (firm) REFERENCES firms (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT ON version_holders TO sancai_app;
INSERT INTO version_holders (version_id, firm, noted_at)
SELECT version_id, buyer_id, min(placed_at) FROM orders WHERE version_id IS NOT NULL GROUP BY 1, 2;
INSERT INTO version_holders (version_id, firm, noted_at)
SELECT version.id, receipt.adopter, min(receipt.attested_at)
  FROM adoption_receipts receipt
  JOIN versions version ON version.dataset_id = receipt.dataset_id
   AND version.content_digest = receipt.content_digest AND version.number IS NOT NULL
 GROUP BY 1, 2
ON CONFLICT DO NOTHING;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON version_holders
  FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON version_holders
  FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();
"""

_SAMPLES = """
CREATE TABLE sealed_samples (
  listing_id UUID NOT NULL,
  version_id UUID NOT NULL,
  content BYTEA,
  digest BYTEA NOT NULL,
  key TEXT NOT NULL,
  signature BYTEA NOT NULL CONSTRAINT ck_sealed_samples_ed25519 CHECK (length(signature) = 64),
  sealed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_sealed_samples PRIMARY KEY (listing_id, version_id),
  CONSTRAINT fk_sealed_samples_listing_id FOREIGN KEY (listing_id) REFERENCES listings (id) ON DELETE RESTRICT,
  CONSTRAINT fk_sealed_samples_version_id FOREIGN KEY (version_id) REFERENCES versions (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT, UPDATE ON sealed_samples TO sancai_app;
"""


def upgrade() -> None:
    """Give listings their conditions and reads their meter; grants of before stay of every version and way."""
    op.execute(_OFFERS)
    op.execute(_METER)
    op.execute(_HOLDERS)
    op.execute(_SAMPLES)
