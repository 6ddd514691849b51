"""Who owns which partition: the Kinesis Client Library's lease scheme.

    shares.py     how many partitions each host should own
    sightings.py  the leases as this host has seen them, and since when each has not changed
    presence.py   the hosts that take part
    notice.py     when partitions may be given away
    given.py      partitions that were given away, until their sessions are connected again
    ledger.py     the core: what this host holds, what it should take, give away and renew; pure
    keeper.py     the shell: carries the ledger's decisions out against the store
    timing.py     all durations

A partition, as one host sees it:

                                        leave, once others
                    take                stand by for it               drained
    free, expired ---------> held ---------------------> leaving ------------> released (free for the next host)
    or a stray                 |                            |
                               +--- not renewed in time ----+--> fenced: the worker is killed, the lease forgotten
                               +--- taken by somebody ------+    (in the store it may still name us: a stray)

Why at most one host works on a partition: its worker is dead `fence_s` after the *start* of the last renewal that is
known to have been written. Its supervisor kills it then; and since each renewal is told to the worker together with
that moment, a timer of its own in the kernel ends it even when the supervisor is hanging or stopped. Another host
takes the lease no earlier than `lease_s` after the *end* of the read that first showed it that renewal. `lease_s` is
longer by a margin for clocks that run apart and for the killing. A process that was stopped meanwhile dies, by the
timer, as it is continued. Should even that fail (a machine frozen together with its clock), the epoch that each take
counts up refuses the old owner's writes.

How long sessions are without service, and what it consists of (s, with a lease of 15):

    host stopped    drain of the worker, one look (0.25), take, connect; the successor's process stands by already
    host joins      the same
    host killed     15 + one look (1) + take + connect; the successor's process stands by once the lease looks silent
"""
