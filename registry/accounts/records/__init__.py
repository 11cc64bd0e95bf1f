"""Tables of accounts: accounts with their tokens and failed sign-ins, and devices that wait to be let in."""
