"""Sends events to customers' endpoints. A queue message asks for one attempt; a failed attempt schedules the next.

handler.py -> batch.py (one SQS batch) -> incoming.py (parse) -> resolve.py -> deliver.py, for each endpoint:

    1 resolve        which endpoints the event goes to
    2 triage         what the delivery record leaves to do: attempt, claim, follow up or drop (catch_up/claim.py)
    3 route          attempt now, move to the slow lane, or defer until a pause ends (deferral.py)
    4 sign           headers and Standard Webhooks signature
    5 attempt        one POST through shared/egress
    6 decide         delivered, retry or dead (the retry policy)
    7 record         the delivery with this attempt
    8 update_health  the endpoint's health: failing, slow, paused, disabled (the circuit breaker)
    9 follow_up      the next attempt on the queue, or a dead letter

    concurrency   slots (how many at once), pool (fair shares), window (per endpoint, AIMD), pace, watch, lane,
                  auto_concurrency
    health        health_rules (pure), health_cache, notices (webhook.failing, webhook.disabled)
    recovery      catch_up/ brings retries forward once an endpoint is back; replay.py repeats a range of deliveries
    ordering      ordered/ delivers one instance's events in sequence
    writes        coalescer, coalesced: writes of the same moment share one AWS call
    composition   compose.py puts services.py together; settings.py, ports.py

Every step may be where the process dies; the table in deliver.py says what happens then.
"""
