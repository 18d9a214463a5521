from build import at
from twin.faults.chatter import chatters, noted, off_delay
from twin.faults.rule import seconds
from twin.instants import Instant


def _after(*times: float) -> tuple[Instant, ...]:
    recent: tuple[Instant, ...] = ()
    for each in times:
        recent = noted(recent, at(each))
    return recent


def test_three_within_a_minute_are_chatter() -> None:
    assert chatters(_after(0, 30, 59))
    assert not chatters(_after(0, 59))
    assert not chatters(_after(0, 30, 60))
    assert chatters(_after(0, 30, 60, 61))


def test_no_more_is_kept_than_is_needed() -> None:
    assert _after(*range(50)) == (at(47), at(48), at(49))


def test_chatter_is_over_after_five_quiet_minutes() -> None:
    assert off_delay(seconds(10), chattering=True) == seconds(300)
    assert off_delay(seconds(600), chattering=True) == seconds(600)
    assert off_delay(seconds(10), chattering=False) == seconds(10)
