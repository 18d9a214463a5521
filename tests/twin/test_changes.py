import pytest

from build import START, a_point
from twin.changes import PointDescribed, ReadingTaken

POINT = a_point(entity="R7")


def test_changes_are_values_that_nobody_can_alter() -> None:
    change = ReadingTaken(POINT, 1.0, 1, START, START, changed=True)

    assert change == ReadingTaken(POINT, 1.0, 1, START, START, changed=True)
    with pytest.raises(AttributeError):
        change.changed = False  # type: ignore[misc]


def test_a_point_that_was_not_known_before_says_so() -> None:
    assert PointDescribed(POINT, START).before is None
