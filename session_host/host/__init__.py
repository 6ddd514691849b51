"""The supervisor process of a session host: one worker process per partition that it holds, and a heartbeat.

    supervisor.py  puts everything together and runs it until it is told to stop
    fleet.py       the workers of all partitions, as the lease keeper wants them; replaces worn ones
    worker.py      one partition's worker: gives it its work, restarts it, drains it, kills it
    standbys.py    processes that have loaded everything and wait for work
    attended.py    one process from its start to its end, and what is heard of it
    process.py     one operating system process and all that it started
    reports.py     what workers say through their pipe
    suspects.py    which session brings a worker down
    ceilings.py    when a worker is worn
    backoff.py     how long to wait before a restart
    heartbeat.py   what the host says of itself and its workers
    sight.py       what was last seen of all leases and hosts
    figures.py     what is told to CloudWatch each minute
    pulse.py       the file by which a health check knows that the host is alive
    memory.py      how much memory is used and may be
    descriptors.py how many files may be open

It never loads the WhatsApp library: whatever that does to its process, the leases are kept and the worker restarted.
It waits for no worker: orders go into a pipe that is never waited for, and ends are told by the kernel.
"""
