"""The door of the service: parse, call, render. No rule, no SQL."""
