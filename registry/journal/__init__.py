"""The journal: an append-only Merkle log with one entry per decision, checked by anyone without trusting this code."""
