"""Every drill with its bounds, in the order in which they are run."""

from __future__ import annotations

from functools import partial

from local.chaos.drill import Bounds, Drill
from local.chaos.drills import crashes, deploys, freezes, network, storage
from local.chaos.scale import FULL_PARTITION, HUNDREDS

UNHURT = Bounds(away_s=0, hits=False)
GRACEFUL = Bounds(away_s=3)
killed = partial(Bounds, uncertain=1, in_lost=1)  # workers end at once, with what the library holds

DRILLS = (
    Drill("calm", "nothing is broken: what the instruments show by themselves", crashes.calm, UNHURT),
    Drill("kill-worker", "`kill -9` of one worker", crashes.kill_worker, killed(away_s=10)),
    Drill("kill-host", "`kill -9` of a host and its workers", crashes.kill_host, killed(away_s=20)),
    Drill("kill-api", "`kill -9` of the API", crashes.kill_api, UNHURT),
    Drill("kill-webhooks", "`kill -9` of the webhook sender", crashes.kill_webhooks, UNHURT),
    Drill(
        "stop-host",
        "SIGSTOP of a host and its workers for twice the lease, then SIGCONT",
        freezes.stop_host,
        killed(away_s=20, second_logins=1),
    ),
    Drill(
        "stop-supervisor",
        "SIGSTOP of a host's supervisor alone for twice the lease, then SIGCONT",
        freezes.stop_supervisor,
        killed(away_s=20),
    ),
    Drill("rolling-deploy", "SIGTERM of one host, then of the other", deploys.rolling, GRACEFUL),
    Drill("close-all", "WhatsApp closes all connections", network.close_all, Bounds(away_s=10, uncertain=1)),
    Drill(
        "refuse-logins",
        "WhatsApp closes all connections and refuses logins with 503 for 10 s",
        network.refuse_all,
        Bounds(away_s=20, uncertain=1),
    ),
    Drill(
        "replaced",
        "WhatsApp says `replaced` to one instance; its owner restarts it 12 s later",
        network.replaced,
        Bounds(away_s=30, uncertain=1),
    ),
    Drill(
        "unlink",
        "one instance is unlinked on the phone and paired again",
        network.unlink,
        Bounds(away_s=30, uncertain=1, failed=True),
    ),
    Drill(
        "aws-silent",
        "MiniStack answers nothing for 20 s (SIGSTOP, SIGCONT)",
        storage.aws_silent,
        killed(away_s=30),
    ),
    Drill(
        "aws-restart",
        "MiniStack ends and starts again, refusing connections meanwhile",
        storage.aws_restart,
        Bounds(away_s=30, uncertain=1, hits=False),
    ),
    Drill(
        "disk-full",
        "no file of one worker can grow for 8 s",
        storage.disk_full,
        Bounds(away_s=30, uncertain=1, failed=True, hits=False),
    ),
    Drill(
        "hand-over", "SIGTERM of a host with 100 instances on four partitions", deploys.hand_over, GRACEFUL, HUNDREDS
    ),
    Drill(
        "full-partition",
        "SIGTERM of a host with 100 instances on one partition",
        deploys.hand_over,
        Bounds(away_s=5, uncertain=1),
        FULL_PARTITION,
    ),
)
BY_NAME = {drill.name: drill for drill in DRILLS}
