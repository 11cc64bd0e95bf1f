"""What a version contains: its files, their inventory, and the signatures over the manifest."""
