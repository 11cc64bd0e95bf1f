"""Faults at seeded points of a real installation, and what must hold afterwards. ``make faults SUITE=publish``."""
