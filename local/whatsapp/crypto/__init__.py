"""Keys and primitives that Noise, Signal and the phones share."""
