from __future__ import annotations

import datetime as dt
import ssl
from pathlib import Path

from local.whatsapp.transport.trust import prepare_trust

NOW = dt.datetime.now(dt.UTC)


def test_trust_is_made_once_and_kept(tmp_path: Path) -> None:
    first = prepare_trust(tmp_path, NOW)
    public, ca = (tmp_path / "trust/root.pub").read_bytes(), (tmp_path / "trust/ca.pem").read_bytes()
    assert public == first.root.public
    assert len(public) == 32
    assert prepare_trust(tmp_path, NOW).root == first.root
    assert (tmp_path / "trust/root.pub").read_bytes() == public
    assert (tmp_path / "trust/ca.pem").read_bytes() == ca


def test_private_keys_are_for_their_owner_alone(tmp_path: Path) -> None:
    prepare_trust(tmp_path, NOW)
    assert {path.name for path in (tmp_path / "keys").iterdir()} == {"root.key", "ca.key", "leaf.pem"}
    for path in (tmp_path / "keys").iterdir():
        assert path.stat().st_mode & 0o777 == 0o600
    assert {path.name for path in (tmp_path / "trust").iterdir()} == {"root.pub", "ca.pem"}


def test_a_start_that_died_halfway_is_completed(tmp_path: Path) -> None:
    prepare_trust(tmp_path, NOW)
    (tmp_path / "trust/ca.pem").unlink()
    (tmp_path / "keys/leaf.pem.new").write_bytes(b"half")
    prepare_trust(tmp_path, NOW)
    assert ssl.create_default_context(cafile=tmp_path / "trust/ca.pem").get_ca_certs()
