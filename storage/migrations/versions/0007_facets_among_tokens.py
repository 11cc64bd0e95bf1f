"""Facets stand among the tokens of a search row, and what a walk in the order of hits compares stands in its index."""

from alembic import op

revision = "0007"
down_revision = "0006"

_STATEMENTS = """
DROP INDEX ix_search_tokens;
DROP INDEX ix_search_order;
DROP INDEX ix_search_sector;
UPDATE search SET tokens = tokens
  || array_to_tsvector(ARRAY['=sector:' || sector, '=licence:' || licence, '=price:' || price])
  || array_to_tsvector(ARRAY(SELECT '=format:' || format FROM unnest(formats) AS format))
  || array_to_tsvector(CASE WHEN key_industry IS NULL THEN '{}'::text[] ELSE ARRAY['=key_industry:' || key_industry] END);
CREATE INDEX ix_search_order ON search (adopters, dataset_id, sector, licence, price, key_industry);
CREATE INDEX ix_search_sector ON search (sector, adopters, dataset_id, licence, price, key_industry);
CREATE INDEX ix_search_tokens ON search USING gin (tokens);
"""


def upgrade() -> None:
    """Write the facets of every row, then build the indexes once over what is there."""
    op.execute(_STATEMENTS)
