"""Runs migrations on the connection that ``storage.migrate`` opened; there is no other way in."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
context.run_migrations()
