"""The ids of endpoints that instances have of their own, which no other endpoint's id may be among."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from shared.ids import first_id_at, new_id
from shared.models.instance import InstanceKey
from shared.models.made_for import FIRST_ID, endpoint_id


@given(st.text(min_size=1), st.text(min_size=1))
def test_the_id_of_an_own_endpoint_comes_after_all_others(tenant: str, instance: str) -> None:
    name = endpoint_id(InstanceKey(tenant, instance))
    assert name > FIRST_ID
    assert len(name) == len(new_id("wh"))


def test_the_id_of_any_other_comes_before() -> None:
    assert new_id("wh") < FIRST_ID
    assert first_id_at("wh", datetime(3000, 1, 1, tzinfo=UTC).timestamp()) < FIRST_ID


def test_the_id_is_that_of_rows_that_are_stored() -> None:
    assert endpoint_id(InstanceKey("acme", "shop-1")) == "wh_naj5zibcdjhe6wr7xlwucdxsju"
