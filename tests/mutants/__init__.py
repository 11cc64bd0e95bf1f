"""Seeded mutants of our own code: each breaks an invariant, and a named test must notice."""
