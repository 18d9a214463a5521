from pathlib import Path

import pytest

from build import at
from schemas.acts import ActView
from schemas.rfc3339 import format_instant
from services.faults.acts import Acts
from twin.fault import State, What


def an_act(seq: int, *, by: str = "ann", entity: str = "R1") -> ActView:
    return ActView(
        seq=seq,
        at=format_instant(at(seq)),
        by=by,
        address=None,
        what=What.COMMENTED,
        fault="f1",
        code="leak.detected",
        entity=entity,
        qualifier="",
        before=State.UNACK,
        after=State.UNACK,
        text="a line\nand another, with more",
        until=None,
    )


def some(file: Path, *acts: ActView) -> Acts:
    found = Acts(file)
    for act in acts:
        found.note(act)
    found.write(acts[-1].seq if acts else 0)
    return found


def test_acts_are_found_by_time_by_thing_and_by_person(tmp_path: Path) -> None:
    mine = [an_act(1), an_act(2, by="bob"), an_act(3, entity="R2"), an_act(4)]
    acts = some(tmp_path / "acts.ndjson", *mine)

    assert list(acts()) == mine
    assert [each.seq for each in acts(since=at(2), until=at(4))] == [2, 3]
    assert [each.seq for each in acts(entity="R2")] == [3]
    assert [each.seq for each in acts(by="bob", until=at(9))] == [2]
    assert list(acts(entity="R2", by="bob")) == []
    acts.close()


def test_the_file_has_a_line_of_json_an_act(tmp_path: Path) -> None:
    file = tmp_path / "acts.ndjson"
    some(file, an_act(1), an_act(2)).close()

    lines = file.read_text().splitlines()
    assert [ActView.model_validate_json(line) for line in lines] == [an_act(1), an_act(2)]


def test_an_act_is_written_once(tmp_path: Path) -> None:
    file = tmp_path / "acts.ndjson"
    some(file, an_act(1), an_act(2)).close()
    acts = some(file, an_act(1), an_act(2), an_act(5))

    assert [each.seq for each in acts()] == [1, 2, 5]
    assert acts.last == 5
    acts.close()


def test_cut_short_anywhere_the_whole_lines_are_kept_and_the_last_is_written_anew(
    tmp_path: Path,
) -> None:
    file = tmp_path / "acts.ndjson"
    some(file, an_act(1), an_act(2)).close()
    data = file.read_bytes()
    for size in range(len(data)):
        file.write_bytes(data[:size])
        acts = some(file, an_act(1), an_act(2))
        assert file.read_bytes() == data
        assert acts.refused == 0
        acts.close()


def test_lines_that_cannot_be_read_are_passed_over_and_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "acts.ndjson"
    some(file, an_act(1), an_act(2)).close()
    file.write_bytes(b"{}\n\xff\n" + file.read_bytes())

    acts = Acts(file)

    assert [each.seq for each in acts()] == [1, 2]
    assert (acts.refused, acts.last) == (2, 2)
    assert "lines not read" in caplog.text
    acts.close()
