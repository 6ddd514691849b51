"""`hivewp bench`: a stack of its own, real load over HTTP, and a JSON report of what it reached.

bench.py      the phases in order, and the report
target.py     the stack under test and its HTTP clients
pairing.py    instances created, scanned, connected
sending.py    messages out at a set rate: the answer's time, the time to the phone's inbox
inbound.py    phones write: the time to the webhook
webhooks.py   a hundred events a second to an endpoint, alone and beside a neighbour's that hangs
outage.py     an endpoint that is away for a minute: when it has everything
burst.py      two thousand messages at once
numbers.py    number checks: cached, cold, and a replay of address books
looking.py    the routes of /monitoring
overhead.py   what metrics and logs cost: two stacks in turn
processes.py  memory and CPU of the stack's parts
figures.py    percentiles
endpoint.py   a customer's endpoint that answers, fails or hangs; door.py is where it listens
neighbour.py  another tenant on the same stack

soak.py       `hivewp soak`: the same stack under load for a long time
crossing.py   `hivewp crossing`: what is lost when both ends of a chat write at once
"""
