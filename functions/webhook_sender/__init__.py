"""Sends events to customers' endpoints: resolve, sign, attempt, decide, record, follow."""
