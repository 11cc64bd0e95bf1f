"""Listing → order → delivery → invoice and payment; a grant follows from an order."""
