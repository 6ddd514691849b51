"""What waits for an endpoint that has recovered is brought forward: its retries need not wait for their schedule."""
