"""Alembic migrations, from an empty database on. A released one is never edited."""
