"""Feeds the webhook sender on one machine, as an SQS event source mapping does in the cloud."""
