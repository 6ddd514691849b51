"""Who owns which partition: the Kinesis Client Library's lease scheme.

    shares.py     how many partitions each host should own
    sightings.py  the leases as this host has seen them, and since when each has not changed
    presence.py   the hosts that take part
    ledger.py     the core: what this host holds, what it should take, give away and renew; pure
    keeper.py     the shell: carries the ledger's decisions out against the store
    timing.py     all durations

A partition, as one host sees it:

                    take                       leave                  drained
    free, expired ---------> held ---------------------> leaving ------------> released (free for the next host)
    or a stray                 |                            |
                               +--- not renewed in time ----+--> fenced: the worker is killed, the lease forgotten
                               +--- taken by somebody ------+    (in the store it may still name us: a stray)

Why at most one host works on a partition: its holder kills the worker `fence_s` after the *start* of the last renewal
that is known to have been written; another host takes the lease no earlier than `lease_s` after the *end* of the read
that first showed it that renewal. `lease_s` is longer by a margin for clocks that run apart and for the killing.
Should that fail (a host frozen as a whole), the epoch that each take counts up refuses the old owner's writes.
"""
