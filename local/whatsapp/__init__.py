"""A WhatsApp server on this machine, with simulated phones, for the real client library.

    python -m local.whatsapp --port <control> --proxy-port <proxy> --data <folder>

A client comes through the CONNECT proxy (`transport`), which takes the place of every WhatsApp host, shakes hands
(`noise`), and pairs or logs in (`connections`). Its stanzas (`wire`) are answered or passed on (`stanzas`) between the
devices, phones and groups that there are (`world`). Phones (`phones`) read and write with real end-to-end encryption
(`signal`, `crypto`). What must outlive the process is kept in a database (`state`); people and tests act on phones
over HTTP (`control`). `server` puts it together.
"""
