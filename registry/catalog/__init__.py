"""Datasets and their versions: drafts, verification, publishing, search, and the one access gate."""
