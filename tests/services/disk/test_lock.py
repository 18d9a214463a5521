import os
from pathlib import Path

import pytest

from services.disk.lock import locked


def test_who_comes_second_is_told_what_another_process_keeps(tmp_path: Path) -> None:
    first = locked(tmp_path / "f.lock", "the faults")
    with pytest.raises(OSError, match=r"f\.lock: another process keeps the faults"):
        locked(tmp_path / "f.lock", "the faults")

    os.close(first)
    os.close(locked(tmp_path / "f.lock", "the faults"))
