"""What every call passes before it meets a route: the log, the key, the size of its body. Plain ASGI."""
