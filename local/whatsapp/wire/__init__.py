"""The binary form of stanzas: tokens, addresses, nodes, encoder and decoder."""
