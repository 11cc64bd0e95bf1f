"""Measured reads and countersignatures of adoption receipts, reviews after payment, and the lists of boards.

The lists: scenes with the datasets that answer them, the public-data annotation catalog, typical cases.
"""

from alembic import op

revision = "0003"
down_revision = "0002"

_STATEMENTS = """
ALTER TABLE adoption_receipts ALTER COLUMN delivery_id DROP NOT NULL;
ALTER TABLE adoption_receipts ALTER COLUMN delivery_digest DROP NOT NULL;
ALTER TABLE adoption_receipts ADD COLUMN measured_first DATE;
ALTER TABLE adoption_receipts ADD COLUMN measured_last DATE;
ALTER TABLE adoption_receipts ADD COLUMN measured_downloads INTEGER;
ALTER TABLE adoption_receipts ADD COLUMN measured_bytes BIGINT;
ALTER TABLE adoption_receipts ADD CONSTRAINT ck_adoption_receipts_delivery
  CHECK (num_nonnulls(delivery_id, delivery_digest) = 2 * num_nonnulls(delivery_id));
ALTER TABLE adoption_receipts ADD CONSTRAINT ck_adoption_receipts_delivered_or_measured
  CHECK (num_nonnulls(delivery_id, measured_downloads) = 1);
ALTER TABLE adoption_receipts ADD CONSTRAINT ck_adoption_receipts_measured
  CHECK (num_nonnulls(measured_first, measured_last, measured_bytes) = 3 * num_nonnulls(measured_downloads));

CREATE TABLE adoption_countersignatures (
  receipt_id UUID NOT NULL,
  countersigned_at TIMESTAMP WITH TIME ZONE NOT NULL,
  countersigned_by UUID NOT NULL,
  signature TEXT COLLATE "C" NOT NULL,
  signed_by TEXT COLLATE "C" NOT NULL,
  entry_id UUID NOT NULL,
  CONSTRAINT pk_adoption_countersignatures PRIMARY KEY (receipt_id),
  CONSTRAINT fk_adoption_countersignatures_receipt_id
    FOREIGN KEY(receipt_id) REFERENCES adoption_receipts (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT ON adoption_countersignatures TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON adoption_countersignatures
  FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON adoption_countersignatures
  FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE adoption_reviews (
  receipt_id UUID NOT NULL,
  case_id UUID NOT NULL,
  authority_id UUID NOT NULL,
  dataset_id UUID NOT NULL,
  counted INTEGER NOT NULL CONSTRAINT ck_adoption_reviews_counted CHECK (counted >= 0),
  needed INTEGER NOT NULL CONSTRAINT ck_adoption_reviews_needed CHECK (needed > 0),
  opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
  CONSTRAINT pk_adoption_reviews PRIMARY KEY (receipt_id, case_id),
  CONSTRAINT fk_adoption_reviews_receipt_id
    FOREIGN KEY(receipt_id) REFERENCES adoption_receipts (id) ON DELETE RESTRICT,
  CONSTRAINT fk_adoption_reviews_authority_id
    FOREIGN KEY(authority_id) REFERENCES authorities (id) ON DELETE RESTRICT,
  CONSTRAINT fk_adoption_reviews_dataset_id FOREIGN KEY(dataset_id) REFERENCES datasets (id) ON DELETE RESTRICT
);
CREATE INDEX ix_adoption_reviews_authority_id ON adoption_reviews (authority_id);
GRANT SELECT, INSERT ON adoption_reviews TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON adoption_reviews
  FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON adoption_reviews
  FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE adoption_review_answers (
  receipt_id UUID NOT NULL,
  case_id UUID NOT NULL,
  outcome TEXT COLLATE "C" NOT NULL CONSTRAINT ck_adoption_review_answers_outcome
    CHECK (outcome IN ('stands', 'recover')),
  reason TEXT NOT NULL,
  answered_at TIMESTAMP WITH TIME ZONE NOT NULL,
  answered_by UUID NOT NULL,
  entry_id UUID NOT NULL,
  CONSTRAINT pk_adoption_review_answers PRIMARY KEY (receipt_id, case_id),
  CONSTRAINT fk_adoption_review_answers_receipt_id
    FOREIGN KEY(receipt_id) REFERENCES adoption_receipts (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT ON adoption_review_answers TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON adoption_review_answers
  FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON adoption_review_answers
  FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE scenes (
  id UUID NOT NULL,
  authority_id UUID,
  firm_id UUID,
  batch TEXT COLLATE "C" NOT NULL,
  title TEXT NOT NULL,
  sector TEXT COLLATE "C" NOT NULL CONSTRAINT ck_scenes_sector
    CHECK (sector IN ('smart_mining', 'new_energy', 'cultural_tourism', 'modern_agriculture', 'energy',
    'manufacturing', 'transport', 'medical', 'education', 'science', 'government', 'finance', 'communication',
    'other')),
  need TEXT NOT NULL,
  published_at TIMESTAMP WITH TIME ZONE NOT NULL,
  published_by UUID NOT NULL,
  CONSTRAINT pk_scenes PRIMARY KEY (id),
  CONSTRAINT ck_scenes_one_publisher CHECK (num_nonnulls(authority_id, firm_id) = 1),
  CONSTRAINT fk_scenes_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (id) ON DELETE RESTRICT,
  CONSTRAINT fk_scenes_firm_id FOREIGN KEY(firm_id) REFERENCES firms (id) ON DELETE RESTRICT
);
CREATE INDEX ix_scenes_authority_id ON scenes (authority_id);
CREATE INDEX ix_scenes_firm_id ON scenes (firm_id);
GRANT SELECT, INSERT ON scenes TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON scenes FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON scenes
  FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE scene_answers (
  scene_id UUID NOT NULL,
  dataset_id UUID NOT NULL,
  note TEXT NOT NULL,
  answered_at TIMESTAMP WITH TIME ZONE NOT NULL,
  answered_by UUID NOT NULL,
  CONSTRAINT pk_scene_answers PRIMARY KEY (scene_id, dataset_id),
  CONSTRAINT fk_scene_answers_scene_id FOREIGN KEY(scene_id) REFERENCES scenes (id) ON DELETE RESTRICT,
  CONSTRAINT fk_scene_answers_dataset_id FOREIGN KEY(dataset_id) REFERENCES datasets (id) ON DELETE RESTRICT
);
CREATE INDEX ix_scene_answers_dataset_id ON scene_answers (dataset_id);
GRANT SELECT, INSERT ON scene_answers TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON scene_answers
  FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON scene_answers
  FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE annotation_catalog (
  id UUID NOT NULL,
  authority_id UUID NOT NULL,
  department TEXT NOT NULL,
  title TEXT NOT NULL,
  authorisation_basis TEXT NOT NULL,
  need TEXT NOT NULL,
  sector TEXT COLLATE "C" NOT NULL CONSTRAINT ck_annotation_catalog_sector
    CHECK (sector IN ('smart_mining', 'new_energy', 'cultural_tourism', 'modern_agriculture', 'energy',
    'manufacturing', 'transport', 'medical', 'education', 'science', 'government', 'finance', 'communication',
    'other')),
  size_bytes BIGINT CONSTRAINT ck_annotation_catalog_size_bytes CHECK (size_bytes >= 0),
  CONSTRAINT pk_annotation_catalog PRIMARY KEY (id),
  CONSTRAINT fk_annotation_catalog_authority_id
    FOREIGN KEY(authority_id) REFERENCES authorities (id) ON DELETE RESTRICT
);
CREATE INDEX ix_annotation_catalog_authority_id ON annotation_catalog (authority_id);
GRANT SELECT, INSERT ON annotation_catalog TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON annotation_catalog
  FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON annotation_catalog
  FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE annotation_steps (
  annotation_id UUID NOT NULL,
  number INTEGER NOT NULL,
  state TEXT COLLATE "C" NOT NULL CONSTRAINT ck_annotation_steps_state
    CHECK (state IN ('planned', 'authorised', 'annotating', 'done', 'dropped')),
  dataset_id UUID,
  note TEXT NOT NULL,
  stated_at TIMESTAMP WITH TIME ZONE NOT NULL,
  stated_by UUID NOT NULL,
  CONSTRAINT pk_annotation_steps PRIMARY KEY (annotation_id, number),
  CONSTRAINT fk_annotation_steps_annotation_id
    FOREIGN KEY(annotation_id) REFERENCES annotation_catalog (id) ON DELETE RESTRICT,
  CONSTRAINT fk_annotation_steps_dataset_id FOREIGN KEY(dataset_id) REFERENCES datasets (id) ON DELETE RESTRICT
);
GRANT SELECT, INSERT ON annotation_steps TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON annotation_steps
  FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON annotation_steps
  FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE typical_cases (
  id UUID NOT NULL,
  authority_id UUID NOT NULL,
  industry TEXT COLLATE "C" NOT NULL CONSTRAINT ck_typical_cases_industry
    CHECK (industry IN ('transport', 'health', 'education', 'culture_tourism', 'manufacturing',
    'smart_energy', 'urban_governance', 'emergency_management', 'agriculture', 'finance_economy', 'commerce',
    'meteorology', 'internet_governance')),
  title TEXT NOT NULL,
  dataset_id UUID,
  recognised_by TEXT NOT NULL,
  document_number TEXT NOT NULL,
  recognised_on DATE NOT NULL,
  document_id UUID,
  entered_at TIMESTAMP WITH TIME ZONE NOT NULL,
  entered_by UUID NOT NULL,
  CONSTRAINT pk_typical_cases PRIMARY KEY (id),
  CONSTRAINT fk_typical_cases_authority_id FOREIGN KEY(authority_id) REFERENCES authorities (id) ON DELETE RESTRICT,
  CONSTRAINT fk_typical_cases_dataset_id FOREIGN KEY(dataset_id) REFERENCES datasets (id) ON DELETE RESTRICT,
  CONSTRAINT fk_typical_cases_document_id FOREIGN KEY(document_id) REFERENCES evidence (id) ON DELETE RESTRICT
);
CREATE INDEX ix_typical_cases_authority_id ON typical_cases (authority_id);
CREATE INDEX ix_typical_cases_document_id ON typical_cases (document_id);
GRANT SELECT, INSERT ON typical_cases TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON typical_cases
  FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON typical_cases
  FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();

CREATE TABLE list_endings (
  subject_id TEXT COLLATE "C" NOT NULL,
  reason TEXT NOT NULL,
  ended_at TIMESTAMP WITH TIME ZONE NOT NULL,
  ended_by UUID NOT NULL,
  CONSTRAINT pk_list_endings PRIMARY KEY (subject_id)
);
GRANT SELECT, INSERT ON list_endings TO sancai_app;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON list_endings
  FOR EACH ROW EXECUTE FUNCTION sancai_refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON list_endings
  FOR EACH STATEMENT EXECUTE FUNCTION sancai_refuse_change();
"""


def upgrade() -> None:
    """Let a receipt rest on measured reads, and add the tables of countersignatures, reviews and lists."""
    op.execute(_STATEMENTS)
