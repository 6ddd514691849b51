"""End-to-end encryption as the simulated phones speak it: X3DH, the double ratchet, sender keys."""
