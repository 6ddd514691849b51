"""The event log of an instance."""
