"""TLS, the CONNECT proxy, and what is served behind it: the chat websocket and media."""
