"""One client connection: handshake, then pairing or login, then stanzas."""
