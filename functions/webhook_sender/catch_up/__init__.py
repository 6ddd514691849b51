"""What waits for an endpoint that does well again is brought forward: it need not wait for its schedule.

A catch-up is a message on the queue of deliveries (models/catch_up.py) which pages through what waits. One is put there

* by the sender, when an endpoint that was failing answers with 2xx (begin.py);
* by the API, when its owner enables it, gives it another URL or changes its `ordering`: once before that is stored,
  with a delay, and once more after it. So it comes wherever the call dies.

The endpoint's row says since when there may be something (`behind_since`), and by `catch_up_at` which message is the
one that is on; any other ends by itself. Each page is known by a time of its own, which its message writes to the row
in the place of the one before when it comes. So of a message that came twice one has a next page, and a row whose time
is old has nobody at it: whoever reads one of RETAKEN_S (health_rules.py) begins anew.
"""
