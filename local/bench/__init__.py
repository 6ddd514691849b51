"""`hivewp bench`: a stack of its own, real load over HTTP, and a JSON report of what it reached.

bench.py      the phases in order, and the report
target.py     the stack under test and its HTTP clients
pairing.py    instances created, scanned, connected
sending.py    messages out at a set rate: the answer's time, the time to the phone's inbox
inbound.py    phones write: the time to the webhook
numbers.py    number checks: cached, cold, and a replay of address books
looking.py    the routes of /monitoring
overhead.py   what metrics and logs cost: two stacks in turn
processes.py  memory and CPU of the stack's parts
figures.py    percentiles

soak.py       `hivewp soak`: the same stack under load for a long time
crossing.py   `hivewp crossing`: what is lost when both ends of a chat write at once
"""
