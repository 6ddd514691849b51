"""The local WhatsApp with a single code per pairing: the library takes it for expired after 20 s instead of 160 s."""

from __future__ import annotations

from local.whatsapp import __main__ as program
from local.whatsapp.connections import pairing

pairing.REFS = 1
program.main()
