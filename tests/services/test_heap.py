import gc
from collections.abc import Iterator

import pytest

from services.heap import OLDER, YOUNG, sparing


@pytest.fixture(autouse=True)
def _thawed() -> Iterator[None]:
    gc.unfreeze()
    yield
    gc.unfreeze()


def test_what_a_long_collection_left_is_not_looked_through_again() -> None:
    kept: list[list[int]] = [[]]

    with sparing(long_s=0):
        gc.collect()

        assert gc.get_freeze_count() > 0
        assert all(each is not kept for each in gc.get_objects())


def test_a_short_collection_freezes_nothing() -> None:
    with sparing(long_s=float("inf")):
        gc.collect()

    assert gc.get_freeze_count() == 0


def test_a_collection_of_the_young_freezes_nothing() -> None:
    with sparing(long_s=0):
        gc.collect(1)

    assert gc.get_freeze_count() == 0


def test_collections_are_rare_within_the_block_alone() -> None:
    before = gc.get_threshold()

    with sparing():
        assert gc.get_threshold() == (YOUNG, *OLDER)

    assert gc.get_threshold() == before


def test_behind_the_block_everything_is_looked_through_as_ever() -> None:
    with sparing(long_s=0):
        gc.collect()

    gc.collect()

    assert gc.get_freeze_count() == 0


def test_new_in_place_of_old_is_not_looked_through_at_once() -> None:
    collections: list[str] = []
    note = lambda phase, _: collections.append(phase)  # noqa: E731
    kept = [[number] for number in range(10_000)]

    with sparing():
        gc.collect()
        gc.callbacks.append(note)
        for _ in range(20):
            kept = [[number] for (number,) in kept]
        gc.callbacks.remove(note)

    assert not collections


def test_a_fleet_is_frozen_when_a_million_objects_have_come() -> None:
    with sparing(long_s=0):
        gc.collect()
        frozen = gc.get_freeze_count()
        kept = [[number] for number in range(1_100_000)]

        assert gc.get_freeze_count() > frozen + YOUNG
        del kept
