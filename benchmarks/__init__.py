"""Measurements: ours and the peer or limit in one run. ``make bench SUITE=start``."""
