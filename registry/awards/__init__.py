"""Award cases and payment batches: applied → reviewed → noticed and signed → instructed → paid or returned."""
