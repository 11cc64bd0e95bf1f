"""How good a version is: its profile, read from the bytes, and the dimensions a laboratory reports on."""
