"""What outlives the process: the records, the journal of what changed, and the database that holds them."""
