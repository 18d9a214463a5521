import random
from pathlib import Path

import numpy as np
import pytest

from full_disk import full_disk
from history_rows import a_point, a_row
from history_stores import a_spool, put
from services.history.block import Row
from services.history.losses import OTHERS, Losses
from services.history.reader import Reader
from services.history.spool import Spool
from twin.instants import Instant

POINTS = [a_point("a"), a_point("b")]
A, B = (point.id for point in POINTS)


def some(first: int, count: int) -> list[Row]:
    """Rows whose values are their numbers."""
    return [a_row(POINTS[number % 2], float(number)) for number in range(first, first + count)]


def noisy(first: int, count: int) -> list[Row]:
    """The same, with times that do not compress."""
    chance = random.Random(first)  # noqa: S311  # for tests, not for secrets
    return [
        row._replace(
            received_at=Instant(chance.getrandbits(60)), measured_at=Instant(chance.getrandbits(60))
        )
        for row in some(first, count)
    ]


def all_of(spool: Spool, reader: Reader) -> list[float]:
    """What a reader still gets, each block settled."""
    values: list[float] = []
    while (taken := spool.take(reader)) is not None:
        values += taken.block.value[taken.since - taken.block.first :].tolist()
        reader.settle(0)
    return values


def troubles(spool: Spool) -> str | None:
    """What troubles it now, whatever was seen before."""
    return spool.trouble


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.spool"))


def test_readers_get_all_rows_in_order_each_at_its_own_pace(tmp_path: Path) -> None:
    spool = a_spool(tmp_path / "deep" / "spool")
    one, two = spool.reader("one"), spool.reader("two")
    put(spool, some(0, 3))
    assert all_of(spool, one) == [0, 1, 2]
    put(spool, some(3, 2))

    assert all_of(spool, one) == [3, 4]
    assert all_of(spool, two) == [0, 1, 2, 3, 4]
    assert spool.take(one) is None
    assert (spool.begun, spool.upto, spool.synced) == (0, 5, 5)
    spool.close()


def test_rows_outlast_the_process_and_numbers_go_on(tmp_path: Path) -> None:
    first = a_spool(tmp_path)
    reader = first.reader("r")
    put(first, some(0, 3))
    first.close()
    second = a_spool(tmp_path)
    reader = second.reader("r")
    assert reader.found == 3
    put(second, some(3, 2))

    taken = second.take(reader)
    assert taken is not None
    assert taken.run == first.run != second.run
    assert taken.block.points == tuple(POINTS)
    reader.settle(0)
    assert all_of(second, reader) == [3, 4]
    assert second.runs == {first.run: (0, 3), second.run: (3, 5)}
    second.close()


def test_a_reader_begins_behind_what_its_store_has(tmp_path: Path) -> None:
    first = a_spool(tmp_path)
    first.reader("r")
    put(first, some(0, 3))
    put(first, some(3, 3))
    first.close()
    second = a_spool(tmp_path)
    reader = second.reader("r")
    second.resume(reader, {first.run: 4})

    assert all_of(second, reader) == [4, 5]
    assert (reader.found, reader.shipped, reader.lost) == (2, 2, 0)
    second.close()


def test_it_is_the_folder_of_one_process(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    with pytest.raises(OSError, match="another process"):
        a_spool(tmp_path)
    spool.close()
    a_spool(tmp_path).close()


def test_who_falls_behind_memory_reads_the_disk(tmp_path: Path) -> None:
    spool = a_spool(tmp_path, most=10)
    reader = spool.reader("r")
    for first in range(0, 100, 5):
        put(spool, some(first, 5))

    assert all_of(spool, reader) == [float(number) for number in range(100)]
    assert (reader.lost, reader.shipped) == (0, 100)
    spool.close()


def test_segments_go_when_every_reader_has_them(tmp_path: Path) -> None:
    spool = a_spool(tmp_path, limit=320_000, most=10)
    one, two = spool.reader("one"), spool.reader("two")
    for first in range(0, 6_000, 500):
        put(spool, noisy(first, 500))
    count = len(files(tmp_path))
    assert count > 4
    all_of(spool, one)
    spool.release()
    assert len(files(tmp_path)) == count
    all_of(spool, two)
    spool.release()

    assert len(files(tmp_path)) == 1
    spool.close()
    assert files(tmp_path) == []


def test_when_it_is_full_the_oldest_go_and_are_counted_by_point(tmp_path: Path) -> None:
    losses = Losses()
    spool = Spool(tmp_path, 320_000, 500, losses)
    quick, slow = spool.reader("quick"), spool.reader("slow")
    total = 0
    for first in range(0, 60_000, 500):
        put(spool, noisy(first, 500))
        total += 500
        all_of(spool, quick)
        assert spool.bytes <= 320_000

    assert (quick.lost, quick.shipped) == (0, total)
    assert slow.lost == spool.dropped > 0
    values = all_of(spool, slow)
    assert values == [float(number) for number in range(slow.lost, total)]
    assert slow.shipped + slow.lost == total
    assert losses.worst(2) == {A: slow.lost // 2, B: slow.lost // 2}
    spool.close()


def test_what_is_in_hand_is_not_lost_when_its_segment_goes(tmp_path: Path) -> None:
    spool = a_spool(tmp_path, limit=320_000, most=500)
    reader = spool.reader("r")
    put(spool, noisy(0, 500))
    taken = spool.take(reader)
    assert taken is not None
    for first in range(500, 60_000, 500):
        put(spool, noisy(first, 500))
    reader.settle(0)

    assert reader.shipped == 500
    assert len(all_of(spool, reader)) + reader.lost + 500 == 60_000
    spool.close()


def test_a_segment_that_cannot_be_read_when_it_goes_is_lost_without_names(tmp_path: Path) -> None:
    losses = Losses()
    spool = Spool(tmp_path, 320_000, 500, losses)
    reader = spool.reader("r")
    put(spool, noisy(0, 500))
    (oldest,) = files(tmp_path)
    put(spool, noisy(500, 500))
    oldest.unlink()
    first = 1_000
    while not spool.dropped:
        put(spool, noisy(first, 500))
        first += 500

    assert losses.worst(5) == {OTHERS: reader.lost}
    spool.close()


def test_damage_is_passed_over_and_what_it_held_is_lost(tmp_path: Path) -> None:
    first = a_spool(tmp_path)
    first.reader("r")
    for number in range(0, 9, 3):
        put(first, some(number, 3))
    first.close()
    (file,) = files(tmp_path)
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 0xFF
    file.write_bytes(data)
    second = a_spool(tmp_path)
    reader = second.reader("r")

    assert all_of(second, reader) == [0, 1, 2, 6, 7, 8]
    assert (reader.found, reader.shipped, reader.lost, second.damaged) == (9, 6, 3, 1)
    second.close()


def test_damage_at_the_end_of_a_segment_is_passed_over_too(tmp_path: Path) -> None:
    spool = a_spool(tmp_path, most=2)
    reader = spool.reader("r")
    for number in range(0, 9, 3):
        put(spool, some(number, 3))
    (file,) = files(tmp_path)
    file.write_bytes(file.read_bytes()[:-1] + b"x")

    assert all_of(spool, reader) == [0, 1, 2, 3, 4, 5]
    assert (reader.lost, spool.damaged) == (3, 1)
    spool.close()


def test_a_torn_end_never_counted_and_its_numbers_are_given_under_another_name(
    tmp_path: Path,
) -> None:
    first = a_spool(tmp_path)
    first.reader("r")
    put(first, some(0, 3))
    put(first, some(3, 3))
    first.close()
    (file,) = files(tmp_path)
    file.write_bytes(file.read_bytes()[:-1])
    second = a_spool(tmp_path)
    reader = second.reader("r")
    put(second, some(103, 2))
    second.resume(reader, {first.run: 6})  # it was shipped before it was on the disk

    taken = second.take(reader)
    assert taken is not None
    assert (taken.run, taken.block.first) == (second.run, 3)
    assert taken.block.value.tolist() == [103, 104]
    second.close()


def test_a_file_with_nothing_whole_in_it_goes(tmp_path: Path) -> None:
    first = a_spool(tmp_path)
    first.reader("r")
    put(first, some(0, 3))
    first.close()
    (file,) = files(tmp_path)
    file.write_bytes(file.read_bytes()[:-1])

    second = a_spool(tmp_path)
    assert files(tmp_path) == []
    assert second.upto == 0
    second.close()


def test_on_a_full_disk_rows_wait_in_memory_and_readers_have_them(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    one, two = spool.reader("one"), spool.reader("two")
    put(spool, some(0, 3))
    with full_disk(10):
        put(spool, some(3, 3))
        assert spool.trouble is not None
        assert "too large" in spool.trouble
        put(spool, some(6, 3))
    assert (spool.synced, spool.upto, spool.failed) == (3, 9, 2)
    assert all_of(spool, one) == [float(number) for number in range(9)]
    spool.write()

    assert spool.synced == 9
    assert troubles(spool) is None
    spool.close()
    again = a_spool(tmp_path)
    assert all_of(again, again.reader("two")) == [float(number) for number in range(9)]
    assert two.lost == 0
    again.close()


def test_what_every_reader_has_need_not_be_on_the_disk(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    reader = spool.reader("r")
    with full_disk(10):
        put(spool, some(0, 3))
        assert all_of(spool, reader) == [0, 1, 2]
        spool.write()
        assert spool.synced == 3
    put(spool, some(3, 3))

    assert troubles(spool) is None
    assert all_of(spool, reader) == [3, 4, 5]
    assert reader.lost == 0
    spool.close()


def test_a_disk_that_is_good_again_is_no_trouble_though_nothing_is_to_be_written(
    tmp_path: Path,
) -> None:
    spool = a_spool(tmp_path)
    reader = spool.reader("r")
    with full_disk(10):
        put(spool, some(0, 3))
        assert all_of(spool, reader) == [0, 1, 2]
        for _ in range(2):
            spool.write()
            assert troubles(spool) is not None
    spool.write()

    assert troubles(spool) is None
    assert not (tmp_path / "probe").exists()
    spool.close()


def test_a_disk_that_stays_full_loses_the_oldest_by_point(tmp_path: Path) -> None:
    losses = Losses()
    spool = Spool(tmp_path, 64_000_000, 10, losses)
    reader = spool.reader("r")
    with full_disk(10):
        for first in range(0, 40, 5):
            put(spool, some(first, 5))

        assert all_of(spool, reader) == [float(number) for number in range(30, 40)]
    assert (reader.lost, losses.worst(2)) == (30, {A: 15, B: 15})
    spool.close()


def test_the_end_loses_what_is_in_memory_alone(tmp_path: Path) -> None:
    losses = Losses()
    spool = Spool(tmp_path, 64_000_000, 100, losses)
    reader = spool.reader("r")
    put(spool, some(0, 4))
    with full_disk(10):
        put(spool, some(4, 6))
    spool.close()

    assert (reader.lost, losses.total) == (0, 6)  # it never came there
    again = a_spool(tmp_path)
    assert all_of(again, again.reader("r")) == [0, 1, 2, 3]
    again.close()


def test_a_folder_that_went_is_made_anew(tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    spool = a_spool(folder)
    reader = spool.reader("r")
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    put(spool, some(0, 3))

    assert troubles(spool) is None
    assert all_of(spool, reader) == [0, 1, 2]
    spool.close()


@pytest.mark.parametrize("seed", range(8))
def test_whatever_happens_every_row_is_shipped_once_or_lost(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  # for tests, not for secrets
    spool = a_spool(tmp_path, limit=chance.choice([320_000, 3_200_000]), most=3_000)
    readers = [spool.reader(name) for name in ("one", "two", "three")]
    got: list[list[float]] = [[], [], []]
    for _ in range(150):
        rows = noisy(spool.upto, chance.randrange(1, 800))
        with full_disk(chance.choice([10, 10**9, 10**9])):
            put(spool, rows)
        place = chance.choice([0, 0, 0, 1])
        for _ in range(chance.randrange(3)):
            taken = spool.take(readers[place])
            if taken is not None:
                got[place] += taken.block.value[taken.since - taken.block.first :].tolist()
                readers[place].settle(0)
        spool.release()
    for place, reader in enumerate(readers):
        got[place] += all_of(spool, reader)

    for values, reader in zip(got, readers, strict=True):
        assert np.all(np.diff(values) > 0)
        assert len(values) == reader.shipped == spool.upto - reader.lost
    spool.close()


def test_who_comes_late_to_what_memory_lost_finds_it_lost(tmp_path: Path) -> None:
    spool = a_spool(tmp_path, most=2)
    reader = spool.reader("r")
    put(spool, some(0, 3))
    with full_disk(10):
        put(spool, some(3, 6))
    assert reader.lost == 0

    assert all_of(spool, reader) == [0, 1, 2]
    assert (reader.lost, reader.shipped) == (6, 3)
    spool.close()
