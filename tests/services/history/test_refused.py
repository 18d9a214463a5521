import json
from pathlib import Path

from full_disk import full_disk
from history_rows import a_point, a_row
from services.disk.rolling import earlier
from services.history.block import block_of
from services.history.refused import RefusedRows
from services.history.store import Refused
from twin.instants import Instant

POINT = a_point("R1")


def test_a_refused_row_is_kept_with_all_that_is_known_of_it(tmp_path: Path) -> None:
    path = tmp_path / "refused.ndjson"
    rows = RefusedRows(path)
    late = a_row(POINT, 2.5, 7, quality=0)._replace(text="so")
    block = block_of([a_row(POINT, 1.0), late, a_row(POINT, None)], 40)
    rows.keep(block, [Refused(1, "too old"), Refused(2, "a conflict")])

    first, second = map(json.loads, path.read_bytes().splitlines())
    assert first == {
        "why": "too old",
        "point": POINT.id,
        "value": 2.5,
        "quality": 0,
        "measured_at": "2026-01-01T00:00:00.007Z",
        "received_at": "2026-01-01T00:00:00.067Z",
        "text": "so",
    }
    assert (second["why"], second["value"]) == ("a conflict", None)
    assert (rows.kept, rows.lost) == (2, 0)


def test_a_time_that_no_calendar_has_is_a_number(tmp_path: Path) -> None:
    path = tmp_path / "refused.ndjson"
    far = a_row(POINT, 1.0)._replace(measured_at=Instant(2**62))
    RefusedRows(path).keep(block_of([far], 0), [Refused(0, "too late")])

    assert json.loads(path.read_bytes())["measured_at"] == 2**62


def test_the_file_stays_within_its_bound(tmp_path: Path) -> None:
    path = tmp_path / "refused.ndjson"
    rows = RefusedRows(path, most=1_000)
    for number in range(50):
        rows.keep(block_of([a_row(POINT, float(number))], 0), [Refused(0, "too old")])

    assert path.stat().st_size + earlier(path).stat().st_size < 2_500
    assert rows.forgotten > 0


def test_what_a_full_disk_does_not_take_is_counted(tmp_path: Path) -> None:
    rows = RefusedRows(tmp_path / "refused.ndjson")
    with full_disk(10):
        rows.keep(block_of([a_row(POINT, 1.0)], 0), [Refused(0, "too old")])

    assert (rows.kept, rows.lost) == (0, 1)
