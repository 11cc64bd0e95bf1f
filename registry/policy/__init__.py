"""Policy as data: instruments, caps, terms and working days, each figure with its clause."""
