"""How much a firm may hold and send."""
