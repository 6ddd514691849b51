"""What clients send once they are logged in: queries (iq) by family, messages, receipts, presence."""
