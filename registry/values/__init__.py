"""Values everything else is made of: money, rates, instants, identifiers, digests, canonical JSON."""
