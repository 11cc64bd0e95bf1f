"""Patterns of fraud that are looked for at each claim (POLICY §5)."""
