"""The control HTTP interface: the hands on the simulated phones and on the server."""
