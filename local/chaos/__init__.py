"""Breaks the running product on purpose, in the middle of traffic, and reckons up what came of every message.

    python -m local.chaos            (make chaos)

    scale -> ground (a healthy stack with paired instances)
               |  traffic: outbound (customers' calls), inbound (phones that write), endpoint (a receiver of webhooks)
               |  drills/: one blow each, done through a `scene`
               v
    collect (waits until all is settled) -> facts -> reckoning (what was lost, doubled ...) -> bounds -> table

Nothing here asks the product how it did where somebody else can tell: what arrived is read from the phones, what was
connected from the local WhatsApp's record, what was delivered from the receiver. docs/reliability.md defines the terms.
"""
