"""Upkeep of the stored bytes: garbage, sweep, scrub, replicas, backup and the move to another store."""
