"""What the product is about, as plain immutable values: instances, messages, commands, events, endpoints."""
