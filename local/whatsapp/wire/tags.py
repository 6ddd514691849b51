"""The bytes that announce what follows in an encoded node. Every other value is a single-byte token."""

LIST_EMPTY = 0
DICTIONARY_0 = 236
DICTIONARY_3 = 239
INTEROP_JID = 245
FB_JID = 246
AD_JID = 247
LIST_8 = 248
LIST_16 = 249
JID_PAIR = 250
HEX_8 = 251
BINARY_8 = 252
BINARY_20 = 253
BINARY_32 = 254
NIBBLE_8 = 255

NIBBLES = "0123456789-."
HEX_DIGITS = "0123456789ABCDEF"
PACKED_MAX = 127
FILLER = 15  # the unused half byte at the end of an odd number of packed characters

# The agent byte of a device address names the server.
AGENTS = {0: "s.whatsapp.net", 1: "lid", 128: "hosted", 129: "hosted.lid"}
