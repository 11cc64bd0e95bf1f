"""The award file that anyone can recompute offline, without our database and without trusting us."""
