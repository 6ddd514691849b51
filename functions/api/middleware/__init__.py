"""What every call passes before it meets a route: figures, the log, the key, the size of its body. Plain ASGI."""
