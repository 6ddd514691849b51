"""Endpoints of tenants, and the deliveries made to them."""
