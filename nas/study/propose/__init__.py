"""Which candidate is trained next."""
