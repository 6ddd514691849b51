from __future__ import annotations

from pathlib import Path

import pytest

from local.whatsapp.state.lock import FolderLock, InUseError


def test_a_folder_is_used_by_one_at_a_time(tmp_path: Path) -> None:
    first, second = FolderLock(tmp_path), FolderLock(tmp_path)
    first.take()
    with pytest.raises(InUseError, match="another"):
        second.take()
    first.release()
    second.take()
    second.release()
