import pytest

from build import at
from services.bench.truth import (
    CALLED,
    EARLY,
    LATE,
    MISSING,
    QUIET,
    STRANGE,
    TWICE,
    Score,
    score,
)
from services.simulate.script import Label, label
from twin.fault import Fault, Key
from twin.instants import Millis
from twin.points import EntityId

R1, R2 = EntityId("R1"), EntityId("R2")
LEAK = label("leak.detected", R1, at(10), at(60), "wet", on_s=2, off_s=30)
FOLDED = label("liquid.flow_low", R2, at(10), at(60), "starved", on_s=5, off_s=30, folded=True)
MAYBE = label("data.stale", R2, at(10), at(60), "silent", on_s=5, off_s=30, certain=False)


def fault(
    of: Label,
    raised: float = 11,
    cleared: float | None = 75,
    *,
    called: bool = True,
    qualifier: str = "",
    number: int = 1,
) -> Fault:
    return Fault(
        Key(of.code, of.entity, qualifier),
        f"{of.code}{qualifier}{number}",
        number,
        raised_at=at(raised),
        cleared_at=None if cleared is None else at(cleared),
        annunciated_at=at(raised) if called else None,
    )


def whys(found: Score) -> list[str]:
    return [each.why for each in found.misses]


def test_what_is_raised_once_in_time_and_cleared_in_time_is_right() -> None:
    found = score([LEAK, FOLDED], [fault(FOLDED, called=False), fault(LEAK)])
    assert found == Score(wanted=2, delays=(Millis(1_000), Millis(1_000)), right=2, misses=())
    assert (found.precision, found.recall) == (1.0, 1.0)


def test_nothing_to_tell_and_nothing_told_is_right() -> None:
    assert (score([], []).precision, score([], []).recall) == (1.0, 1.0)


@pytest.mark.parametrize("raised", [None, 12.001, 50])
def test_what_is_not_raised_or_too_late_is_missing(raised: float | None) -> None:
    found = score([LEAK], [] if raised is None else [fault(LEAK, raised)])
    assert whys(found) == [MISSING]
    assert found.recall == 0


@pytest.mark.parametrize("raised", [9.999, 90])
def test_what_is_raised_before_or_after_is_strange(raised: float) -> None:
    found = score([LEAK], [fault(LEAK), fault(LEAK, raised, raised + 1, number=2)])
    assert whys(found) == [STRANGE]
    assert found.precision == 0.5


@pytest.mark.parametrize("other", [LEAK._replace(entity=R2), LEAK._replace(code="leak.tray")])
def test_what_is_raised_of_another_code_or_elsewhere_is_strange(other: Label) -> None:
    found = score([LEAK], [fault(LEAK), fault(other)])
    assert [(each.why, each.code, each.entity) for each in found.misses] == [
        (STRANGE, other.code, other.entity)
    ]


def test_a_key_that_is_raised_again_counts_against_it() -> None:
    found = score([LEAK], [fault(LEAK), fault(LEAK, 30, 75, number=2)])
    assert whys(found) == [TWICE]
    assert found.precision == 0.5


def test_several_keys_of_one_code_are_no_duplicates() -> None:
    found = score([LEAK], [fault(LEAK, qualifier="P1"), fault(LEAK, 12, qualifier="P2")])
    assert not found.misses
    assert found.right == 2
    assert found.delays == (1_000,)


def test_what_is_over_while_it_is_still_so_is_early() -> None:
    assert whys(score([LEAK], [fault(LEAK, cleared=59)])) == [EARLY]


@pytest.mark.parametrize("cleared", [None, 90.001])
def test_what_stays_too_long_is_not_cleared(cleared: float | None) -> None:
    found = score([LEAK], [fault(LEAK, cleared=cleared)])
    assert whys(found) == [LATE]
    assert found.recall == 1


def test_nobody_is_to_be_called_for_what_is_explained() -> None:
    assert whys(score([FOLDED], [fault(FOLDED)])) == [CALLED]


def test_somebody_is_to_be_called_for_what_nothing_explains() -> None:
    assert whys(score([LEAK], [fault(LEAK, called=False)])) == [QUIET]


def test_what_may_follow_may_stay_away_come_and_go_and_be_quiet() -> None:
    assert not score([MAYBE], []).misses
    assert not score([MAYBE], [fault(MAYBE, 40, 50, called=False)]).misses
    assert score([MAYBE], []).wanted == 0
