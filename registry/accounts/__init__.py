"""Accounts: officers of an authority, members and service accounts of a firm, and the tokens they act with."""
