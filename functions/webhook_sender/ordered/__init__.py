"""Endpoints that have an instance's events in order: one after the other, a failing one holds the rest back.

The event log is the queue. A task is only a nudge for such an endpoint: "deliver this instance's events from the cursor
on". One that is `chained` is nothing else: it waits for a chain's next attempt, goes on where somebody had to stop, or
frees a chain that waits (`instead_of` says for what); what the chain has passed it never delivers. Of all senders one
at a time is at a chain (an endpoint and an instance):

    nudge -> take the chain -> walk: read the log, for each event attempt, record -> let go with the cursor
                \\-> it is held: knock, and be done      \\-> it failed: schedule a nudge, let go until then

    chain     one instance's events on their way to one endpoint: a cursor and a lease, stored as one row
    nudge     a message that has a sender look at a chain
    knock     asks the one who holds a chain to look once more before letting go
    hold      a chain that this process has leased (holds.py)
    walk      delivers from the cursor on until it must stop (walk.py)
    disperse  turns what a chain held back into tasks of their own, for an endpoint without order (disperse.py)

What is promised: no event is attempted before all that come before it are delivered or dead, so a receiver never hears
an older event after a newer one. It may hear the newest once more after a crash, like at any endpoint. Not in order are
replays, and what is on its way while `ordering`, `events` or `instances` are changed; nothing is lost then either. That
takes clocks of senders that agree within the half minute by which a lease outlasts all work on its chain.

Wherever the process dies, a message is left that goes on:

| died                                | the chain is             | goes on by                                          |
|-------------------------------------|--------------------------|-----------------------------------------------------|
| before it was taken                 | as before                | the same message, which comes again                 |
| on the walk                         | held until the lease ends | the same message; who knocked relies on that       |
| failure recorded, nothing scheduled | the same                 | the same: what is recorded is scheduled             |
| scheduled, not let go               | the same                 | the same, or what was scheduled                     |
| let go, the nudge not put           | behind                   | the same, though its own event may be settled       |
| let go, the message not deleted     | idle or waits            | nothing is left to do: it is dropped                |

Whoever takes a chain that was not let go reads the records of what follows the cursor until there is none. The cursor
is stored when the chain is let go, not at each event: so a busy chain costs what its deliveries do, a lone event three
calls more (read, take, let go).

A chain stops where its endpoint is disabled, and goes on from there once it is enabled: by a nudge (catch_up/) or the
next event. What a chain has not got to within the log's 30 days is gone; a row that cannot be read is passed over.

A walk begins nothing after RUN_S, wanted or not, and leaves the rest to a task. At a change of what the endpoint asks
for a batch from before may be at the chain still, so events of that minute come by themselves too (`is_apart`), and
their records are read. What was begun is tried to its end, also where it is asked for no longer: of events of before
a change the record of the next in the chain is read, and of all that who died may have come to.

A task of one endpoint that is not `chained` may be an attempt apart from the chain: of a replay that failed, of what is
moved back from the dead-letter queue, of what was begun without order. The holder may be past its event while the
stored cursor is not. So nobody hears it for the chain, and it never becomes a task of the chain: it comes again itself.
"""
