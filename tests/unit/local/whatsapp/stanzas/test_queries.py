"""Every query gets one answer, understood or not."""

from __future__ import annotations

import logging

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local.whatsapp.stanzas.routes import ROUTES
from local.whatsapp.wire.jid import GROUPS, JID, SERVER
from local.whatsapp.wire.node import Node
from tests.unit.local.whatsapp.bench import Bench


def test_an_unknown_query_is_answered_empty_logged_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    companion = Bench().companion("15550001")
    reply = companion.query("w:new", "get", Node("thing"))
    assert (reply.text("type"), reply.content) == ("result", None)
    assert companion.bench.world.stats.unknown == {"w:new/get/thing": 1}
    assert "w:new/get/thing" in caplog.text


@pytest.mark.parametrize("route", ROUTES, ids="/".join)
def test_every_known_query_is_answered_even_when_it_says_nothing(route: tuple[str, str, str]) -> None:
    namespace, kind, tag = route
    companion = Bench().companion("15550001")
    reply = companion.query(namespace, kind if kind != "*" else "set", Node(tag) if tag else None)
    assert reply.text("type") in ("result", "error")
    assert companion.bench.world.stats.open_queries == 0


tags = st.sampled_from(sorted({route[2] for route in ROUTES} | {"user", "key", "list", "item", "skey", "patch"}))
jids = st.sampled_from([SERVER, GROUPS, JID("15550001"), JID("15550002", device=3), JID("1", "g.us")])
attrs = st.dictionaries(
    st.sampled_from(["jid", "to", "id", "name", "version", "action", "stage"]), jids | st.text(max_size=5), max_size=3
)
nodes = st.recursive(
    st.builds(Node, tags, attrs, st.none() | st.binary(max_size=5)),
    lambda inner: st.builds(Node, tags, attrs, st.lists(inner, max_size=3)),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.sampled_from(sorted(ROUTES)), jids, nodes)
def test_whatever_a_query_says_it_is_answered(
    caplog: pytest.LogCaptureFixture, route: tuple[str, str, str], to: JID, child: Node
) -> None:
    caplog.set_level(logging.CRITICAL)
    companion = Bench().companion("15550001")
    if route[2] not in ("", "*"):
        child.tag = route[2]
    companion.query(route[0], "get" if route[1] == "*" else route[1], child, to)
    assert companion.bench.world.stats.open_queries == 0


def test_unknown_stanzas_are_counted() -> None:
    companion = Bench().companion("15550001")
    companion.stanza(Node("surprise"))
    assert companion.bench.world.stats.unknown == {"surprise": 1}


def test_calls_are_acknowledged() -> None:
    companion = Bench().companion("15550001")
    companion.stanza(Node("call", {"id": "C1", "to": JID("15550002")}, [Node("reject")]))
    (ack,) = companion.received("ack")
    assert (ack.attrs["class"], ack.attrs["id"]) == ("call", "C1")
