"""The officers of an office: what is due when, who may act in which case, and who acts for whom."""
