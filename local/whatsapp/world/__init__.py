"""What the server knows: accounts, devices, groups, media, and how to reach each."""
