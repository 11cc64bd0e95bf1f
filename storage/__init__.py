"""Where bytes and rows live. Knows nothing of datasets or money."""
