"""Instances: created, changed, paired, restarted, logged out, deleted."""
