"""Conditions of offers: licence, kind of price, delivery, buyers, evidence; grants by order are of a version or of all."""

from alembic import op

revision = "0024"
down_revision = "0017"

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


def upgrade() -> None:
    """Give listings their conditions; grants of before go on for every version and every way of reading."""
    op.execute(_OFFERS)
