"""Small files that lie together in packs, what a firm holds, and manifests that are stored page by page.

Versions of before have no pages: theirs are made from their files when somebody asks.
"""

from alembic import op

revision = "0002"
down_revision = "0001"

_STATEMENTS = """
ALTER TABLE uploads DROP CONSTRAINT ck_uploads_purpose;
ALTER TABLE uploads ADD CONSTRAINT ck_uploads_purpose CHECK (purpose IN ('dataset', 'pack', 'evidence'));

ALTER TABLE blobs ADD COLUMN packed BOOLEAN DEFAULT 'false' NOT NULL;
ALTER TABLE blobs ADD COLUMN owner_firm UUID;
ALTER TABLE blobs ALTER COLUMN upload_id DROP NOT NULL;
UPDATE blobs SET owner_firm = uploads.owner_firm
  FROM uploads WHERE uploads.id = blobs.upload_id AND uploads.purpose = 'dataset';
ALTER TABLE blobs ADD CONSTRAINT fk_blobs_owner_firm
  FOREIGN KEY (owner_firm) REFERENCES firms (id) ON DELETE RESTRICT;
CREATE INDEX ix_blobs_held ON blobs (owner_firm, size_bytes, digest) WHERE owner_firm IS NOT NULL;
DROP INDEX uq_blobs_place;
CREATE UNIQUE INDEX uq_blobs_place ON blobs (store, bucket, key, offset_bytes, length_bytes);

ALTER TABLE version_files ALTER COLUMN upload_id DROP NOT NULL;
ALTER TABLE version_files ADD COLUMN offset_bytes BIGINT DEFAULT '0' NOT NULL;
ALTER TABLE version_files ADD COLUMN declared BYTEA;
ALTER TABLE version_files ADD CONSTRAINT ck_version_files_comes_from_somewhere
  CHECK (num_nonnulls(upload_id, blob_id) > 0);
DROP INDEX ix_version_files_blob;
CREATE INDEX ix_version_files_blob ON version_files (blob_id) WHERE blob_id IS NOT NULL;
CREATE INDEX ix_version_files_upload ON version_files (version_id, upload_id, offset_bytes)
  WHERE upload_id IS NOT NULL;

-- A draft had its files counted when it was submitted; from now on it is told of each.
UPDATE versions SET files = counted.files, size_bytes = counted.size_bytes
  FROM (SELECT version_id, count(*) AS files, sum(size_bytes) AS size_bytes FROM version_files GROUP BY version_id)
    AS counted
  WHERE counted.version_id = versions.id AND versions.number IS NULL;

CREATE TABLE manifest_pages (
  version_id UUID NOT NULL,
  number INTEGER NOT NULL,
  digest BYTEA NOT NULL,
  first_path TEXT COLLATE "C" NOT NULL,
  last_path TEXT COLLATE "C" NOT NULL,
  files INTEGER NOT NULL,
  size_bytes BIGINT NOT NULL,
  blob_id UUID NOT NULL,
  CONSTRAINT pk_manifest_pages PRIMARY KEY (version_id, number),
  CONSTRAINT ck_manifest_pages_counted CHECK (number > 0 AND files > 0),
  CONSTRAINT fk_manifest_pages_version_id FOREIGN KEY (version_id) REFERENCES versions (id) ON DELETE RESTRICT,
  CONSTRAINT fk_manifest_pages_blob_id FOREIGN KEY (blob_id) REFERENCES blobs (id) ON DELETE RESTRICT
);
CREATE INDEX ix_manifest_pages_blob ON manifest_pages (blob_id);
CREATE INDEX ix_manifest_pages_digest ON manifest_pages (version_id, digest);
GRANT SELECT, INSERT, UPDATE, DELETE ON manifest_pages TO sancai_app;
"""


def upgrade() -> None:
    """Widen the tables, and say of what is there which firm holds it."""
    op.execute(_STATEMENTS)
