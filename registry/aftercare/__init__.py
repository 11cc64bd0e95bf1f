"""What is looked at after a payment: samples drawn by lot, and what was found in them."""
