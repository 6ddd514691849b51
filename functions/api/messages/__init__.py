"""Messages: accepted once, put on their way, followed until they are settled."""
