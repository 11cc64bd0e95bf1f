"""The archive (归档) of a closed case: its signed package, how long it is kept, what holds it, and its disposal."""
