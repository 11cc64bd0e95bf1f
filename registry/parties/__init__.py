"""Firms, who controls them, and the registers an authority keeps on them."""
