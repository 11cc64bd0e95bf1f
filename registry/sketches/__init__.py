"""Fingerprints of tables: near-duplicates, overlap between datasets, and the new share of a derivative."""
