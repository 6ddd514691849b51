"""The encrypted stream between client and server: Noise XX, answered from the server side."""
