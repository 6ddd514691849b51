"""What processes are told by their environment."""

from __future__ import annotations

import pytest

from shared.settings import BadSetting, Settings
from shared.vault import Vault, new_key


def test_only_the_sealing_key_must_be_given() -> None:
    settings = Settings.parse({"HIVEWP_SEALING_KEY": new_key()})
    assert (settings.partitions, settings.aws.endpoint_url, settings.allow_local_webhooks) == (8, None, False)
    assert settings.metrics == "off"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HIVEWP_SEALING_KEY", ""),
        ("HIVEWP_SEALING_KEY", "not base64!"),
        ("HIVEWP_SEALING_KEY", "c2hvcnQ="),
        ("HIVEWP_PARTITIONS", "0"),
        ("HIVEWP_PARTITIONS", "many"),
        ("HIVEWP_LOG_LEVEL", "loud"),
        ("HIVEWP_METRICS", "prometheus"),
    ],
)
def test_a_bad_value_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=name):
        Settings.parse({"HIVEWP_SEALING_KEY": new_key(), name: value})


def test_a_sealing_key_without_padding_opens_what_the_padded_one_sealed() -> None:
    padded = new_key()
    bare = Settings.parse({"HIVEWP_SEALING_KEY": padded.rstrip("=")}).sealing_key
    assert Vault.from_text(bare).open(Vault.from_text(padded).seal("secret", "here"), "here") == "secret"


def test_any_43_letters_and_digits_are_a_sealing_key() -> None:
    Vault.from_text(Settings.parse({"HIVEWP_SEALING_KEY": "Zz9" * 14 + "x"}).sealing_key)
