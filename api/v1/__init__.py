"""Our own REST interface: ``/v1`` only grows."""
