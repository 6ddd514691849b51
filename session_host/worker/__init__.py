"""The worker: one process that owns one partition, its sessions, its command queue and all writes about them."""
