from __future__ import annotations

import socket

import pytest

from local.stack.ports import choose_ports
from shared.settings import BadSetting


def test_a_taken_port_is_refused_with_the_variable_to_change() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(BadSetting, match=rf"port {port} is in use.*set HIVEWP_PORT"):
            choose_ports({"HIVEWP_PORT": port}, {})


def test_ports_that_are_not_asked_for_are_free_and_distinct() -> None:
    asked = {f"HIVEWP_{n}": None for n in range(20)}
    ports = choose_ports(asked, {})
    assert len(set(ports.values())) == 20
    for port in ports.values():
        socket.create_server(("127.0.0.1", port)).close()


def test_a_port_of_the_last_run_is_taken_again_while_it_is_free() -> None:
    before = choose_ports({"HIVEWP_AWS_PORT": None}, {})
    assert choose_ports({"HIVEWP_AWS_PORT": None}, before) == before
    with socket.create_server(("127.0.0.1", before["HIVEWP_AWS_PORT"])):
        assert choose_ports({"HIVEWP_AWS_PORT": None}, before) != before


def test_a_port_of_the_last_run_gives_way_to_one_that_is_asked_for() -> None:
    before = choose_ports({"HIVEWP_AWS_PORT": None}, {})
    port = before["HIVEWP_AWS_PORT"]
    ports = choose_ports({"HIVEWP_AWS_PORT": None, "HIVEWP_PORT": port}, before)
    assert ports["HIVEWP_PORT"] == port != ports["HIVEWP_AWS_PORT"]
