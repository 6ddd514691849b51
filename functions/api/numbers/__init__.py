"""Numbers: which of them are on WhatsApp, asked of WhatsApp as seldom as can be."""
