"""The supervisor process of a session host: one worker process per partition that it holds, and a heartbeat.

    supervisor.py  puts everything together and runs it until it is told to stop
    fleet.py       the workers of all partitions, as the lease keeper wants them
    worker.py      one partition's worker: restarts it, drains it, kills it
    process.py     one operating system process and all that it started
    backoff.py     how long to wait before a restart
    reports.py     what workers say through their pipe
    heartbeat.py   what the host says of itself and its workers
    memory.py      how much memory is used and may be
    descriptors.py how many files may be open

It never loads the WhatsApp library: whatever that does to its process, the leases are kept and the worker restarted.
"""
