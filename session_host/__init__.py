"""The session host: the process tree that holds the WhatsApp sessions.

    supervisor  (host/)      one per host: holds leases, starts and ends workers; never loads the native library
     `- worker  (worker/)    one per partition: its sessions, its command queue, all writes about them
         `- pairing process  (whatsapp/pairing/)    short-lived; links new devices

Who may do what, and why that is safe:

* Only the holder of a partition's lease may have a worker for it, and only that worker touches the partition's
  sessions, queue and items. leases/ says why no two hosts can think that they hold a lease.
* A worker dies when its lease may have run out, whoever notices: the supervisor kills it (leases/keeper.py), or the
  kernel does by a timer of the worker's own (worker/alarm.py) when the supervisor hangs, is stopped or cut off.
* A worker dies with its supervisor, and a pairing process with its worker (shared/processes.py).
* Should all of that fail (a machine that freezes as a whole, clock included), the epoch of the lease, which every
  take counts up and every write of a worker carries, has the writes of a former owner refused (worker/ledger.py).
* What the native library does to its process ends there: the worker is started again, and a session that keeps
  bringing it down is set aside (host/suspects.py, worker/suspects.py).

The two sides talk through three descriptors that a worker inherits: reports (host/reports.py), orders (orders.py) and
a board in shared memory (board.py). Neither ever waits for the other.
"""
