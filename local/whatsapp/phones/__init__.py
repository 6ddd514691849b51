"""The simulated phones: primary devices that pair companions, write, read, and keep the account's app state."""
