"""Quote → hold → redeem → settle → paid or returned; the ledger of public money."""
