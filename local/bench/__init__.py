"""`hivewp bench`: a stack of its own, real load over HTTP, and a JSON report of what it reached.

bench.py      the phases in order, and the report
target.py     the stack under test and its HTTP clients
pairing.py    instances created, scanned, connected
sending.py    messages out at a set rate: the answer's time, the time to the phone's inbox
inbound.py    phones write: the time to the webhook
processes.py  memory and CPU of the stack's parts
figures.py    percentiles

soak.py       `hivewp soak`: the same stack under load for a long time
crossing.py   `hivewp crossing`: what is lost when both ends of a chat write at once
"""
