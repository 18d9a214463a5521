from dataclasses import astuple

from twin.counters import Counters


def test_nothing_is_counted_before_anything_came() -> None:
    assert set(astuple(Counters())) == {0}


def test_two_fleets_count_for_themselves() -> None:
    one, other = Counters(), Counters()
    one.late += 1

    assert (one.late, other.late) == (1, 0)
