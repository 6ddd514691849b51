"""What waits to be done, in SQS: commands to the owners of partitions, and events to be delivered."""
