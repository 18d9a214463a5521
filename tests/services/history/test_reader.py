from pathlib import Path

import pytest

from full_disk import full_disk
from history_rows import a_point, a_row
from services.history.block import Block, block_of
from services.history.reader import Reader

RUNS = {"old": (0, 40), "new": (40, 100)}


def a_block(first: int, rows: int) -> Block:
    return block_of([a_row(a_point(), 1.0)] * rows, first)


def the_sum_holds(reader: Reader, upto: int) -> bool:
    waiting = upto - reader.next + reader.in_hand
    return reader.found == reader.shipped + reader.refused + reader.lost + waiting


def test_what_is_taken_is_in_hand_until_it_is_settled(tmp_path: Path) -> None:
    reader = Reader("r", tmp_path, 0, 100)
    taken = reader.takes("run", a_block(0, 30))

    assert taken is not None
    assert (reader.next, reader.done, reader.in_hand) == (30, 0, 30)
    reader.settle(2)
    assert (reader.done, reader.in_hand, reader.shipped, reader.refused) == (30, 0, 28, 2)
    assert the_sum_holds(reader, 100)


def test_what_is_missing_before_a_block_is_lost(tmp_path: Path) -> None:
    reader = Reader("r", tmp_path, 0, 100)
    reader.takes("run", a_block(20, 30))

    assert (reader.lost, reader.next) == (20, 50)
    assert the_sum_holds(reader, 100)


def test_of_a_block_that_is_had_in_part_the_rest_counts(tmp_path: Path) -> None:
    reader = Reader("r", tmp_path, 20, 100)

    assert reader.takes("run", a_block(0, 20)) is None
    taken = reader.takes("run", a_block(10, 20))
    assert taken is not None
    assert taken.since == 20
    reader.settle(0)
    assert reader.shipped == 10
    assert the_sum_holds(reader, 100)


def test_what_is_in_hand_cannot_be_lost(tmp_path: Path) -> None:
    reader = Reader("r", tmp_path, 0, 100)
    reader.takes("run", a_block(0, 30))
    reader.lose(50)
    reader.lose(40)

    assert (reader.lost, reader.in_hand, reader.done) == (20, 30, 0)
    assert the_sum_holds(reader, 100)


@pytest.mark.parametrize(
    ("had", "begins"),
    [
        ({}, 0),
        ({"old": 0, "new": 0}, 0),
        ({"old": 15}, 15),
        ({"old": 15, "new": 0}, 15),
        ({"old": 90}, 40),
        ({"old": 40, "new": 70}, 70),
        ({"new": 70}, 70),
        ({"new": 900}, 100),
        ({"another": 70}, 0),
    ],
)
def test_it_begins_behind_what_the_store_has(
    tmp_path: Path, had: dict[str, int], begins: int
) -> None:
    reader = Reader("r", tmp_path, 0, 100)
    reader.resume(RUNS, had)

    assert (reader.next, reader.found) == (begins, 100 - begins)
    assert the_sum_holds(reader, 100)


def test_it_never_begins_before_what_is_there(tmp_path: Path) -> None:
    reader = Reader("r", tmp_path, 0, 100)
    reader.lose(60)
    reader.resume(RUNS, {"old": 15})

    assert (reader.next, reader.lost, reader.found) == (60, 60, 100)


def test_what_is_remembered_is_known_to_the_next_one(tmp_path: Path) -> None:
    Reader("r", tmp_path, 0, 0).remember("run", 5)
    Reader("r", tmp_path, 0, 0).remember("run", 7)

    assert Reader("r", tmp_path, 0, 0).remembered() == {"run": 7}
    assert Reader("other", tmp_path, 0, 0).remembered() == {}


@pytest.mark.parametrize("text", ["", "run", "run x", "run 1 2"])
def test_what_cannot_be_read_is_forgotten(tmp_path: Path, text: str) -> None:
    (tmp_path / "r.cursor").write_text(text)

    assert Reader("r", tmp_path, 0, 0).remembered() == {}


def test_on_a_full_disk_it_remembers_what_it_did(tmp_path: Path) -> None:
    reader = Reader("r", tmp_path, 0, 0)
    reader.remember("run", 5)
    with full_disk(2), pytest.raises(OSError, match="too large"):
        reader.remember("run", 7)

    assert reader.remembered() == {"run": 5}
