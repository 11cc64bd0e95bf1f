"""Reconciliation with finance and the close of a budget year."""
