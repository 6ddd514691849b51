"""Settles messages that make no progress: none stays `accepted`, `queued` or `sending` for ever.

    fate.py     what becomes of a message, a pure table
    sweeper.py  looks at every instance's unsettled messages, when a partition is taken up and every five minutes

What it costs: one query an instance each five minutes, half a read unit when nothing was sent since: 10,000 idle
instances make 2.9 million a day, $0.18, and 33 a second over 100 workers. While messages flow, the query reads each
message once or twice (0.1 read units of 600 bytes); taking a partition up reads the last eight days once, about 600
read units ($0.00008) for an instance that sends 1,000 a day. There is no call to SQS but for a trace (fate.py).
"""
