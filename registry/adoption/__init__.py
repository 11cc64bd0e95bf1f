"""Adoption receipts (采信), and which of them count."""
