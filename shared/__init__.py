"""The language that the API, the session hosts and the webhook sender share. Imports none of them."""
