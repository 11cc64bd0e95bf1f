"""The domain of Sancai: one package per concept, each importing only those below it (see ``docs/architecture.md``)."""
