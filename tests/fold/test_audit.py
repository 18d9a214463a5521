"""What holds of the findings of every stream of messages, whatever is in it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Final

from hypothesis import event, given, settings
from hypothesis import strategies as st

from build import START, Values, a_cooled_rack, a_heartbeat, a_meter, a_point, a_reading, at
from schemas.digest import LEFT_OUT, OF_FAULTS
from schemas.views import equipment_view, rack_view
from streams import Sent, end_of, fold, received, recording, shuffled
from twin.balance import Balance
from twin.changes import Change, Derived, FindingChanged
from twin.fleet import Fleet, Message
from twin.hearing import LOST_AFTER, STALE_AFTER
from twin.held import Key, Standing, key_of
from twin.instants import Instant, Millis, after
from twin.points import EntityId, Point, Reading, Retraction
from twin.rota import BEAT, BEATS

_KW: Final = 100.0
_SHOWN: Final[Values] = {
    a_heartbeat(): 1.0,
    **{
        point: value
        for number in range(1, 6)
        for point, value in a_cooled_rack(f"R{number}", kw=_KW, lpm=150.0, rise=10.0).items()
    },
    **a_meter("M1", "R1", kw=_KW / 2),
    **a_meter("M2", "R1", kw=_KW / 2),
    a_point("PowerMeter/Current", "M1", serves=("R1",)): 80.0,
    replace(
        a_point("CDU/LiquidFlow", "C1", unit="LPM", serves=("R1", "R2", "R3", "R4", "R5")),
        process_area=("Secondary",),
    ): 750.0,
}
_POINTS: Final = [*_SHOWN]

_FEWER: Final = settings(max_examples=25)
"""Each folds thousands of messages several times over."""

_GAPS_MS: Final = (0, 99, 100, 5_000, 30_000, 70_000, 130_000, 130_000, 200_000)

_BENT: Final = st.dictionaries(
    st.sampled_from(_POINTS), st.sampled_from((0.0, 0.264, 0.85, 1.15, 1.5)), max_size=3
)
_RETOLD: Final = st.builds(
    lambda point, changes: replace(point, **changes),
    st.sampled_from(_POINTS),
    st.sampled_from(
        ({}, {"name": "another"}, {"entity": EntityId("R9")}, {"serves": (EntityId("R2"),)})
    ),
)
_SINGLE: Final = st.one_of(
    _RETOLD,
    st.builds(Retraction, st.sampled_from([point.id for point in _POINTS])),
    st.builds(
        lambda point, value, quality: Reading(
            point.id, point.publisher, value, quality, Instant(0)
        ),
        st.sampled_from(_POINTS),
        st.sampled_from((None, 0.0, 42.0, 100.0)),
        st.sampled_from((1, 1, 0)),
    ),
)


def _snapshot(bent: dict[Point, float]) -> list[Message]:
    """A reading of every point, those of ``bent`` times a factor."""
    return [
        a_reading(point, (value or 0.0) * bent.get(point, 1.0), Instant(0))
        for point, value in _SHOWN.items()
    ]


@st.composite
def audited(draw: st.DrawFn) -> list[Sent]:
    """A small fleet that is told of, then read again and again, at times with lying sensors."""
    now = START
    silent = set() if draw(st.integers(0, 3)) == 0 else {a_heartbeat().id}  # it ends long gaps
    sent: list[Sent] = [(point, now) for point in _POINTS if point.id not in silent]
    looks = st.one_of(_BENT.map(_snapshot), _BENT.map(_snapshot), _SINGLE.map(lambda each: [each]))
    steps = draw(st.lists(st.tuples(st.sampled_from(_GAPS_MS), looks), min_size=2, max_size=8))
    for gap, messages in [(0, _snapshot(draw(_BENT))), *steps]:
        now = Instant(now + gap)
        sent += [(received(message, now), now) for message in messages]
    return sent


def _audited(changes: Iterable[Change]) -> list[FindingChanged | Derived]:
    return [change for change in changes if isinstance(change, FindingChanged | Derived)]


def _told(changes: Iterable[Change]) -> list[FindingChanged]:
    return [change for change in changes if isinstance(change, FindingChanged)]


def _told_to_stand(changes: Iterable[Change]) -> dict[Key, str | None]:
    """The suspect of each finding that counts after these changes."""
    standing = dict[Key, str | None]()
    for change in _told(changes):
        if change.standing:
            standing[key_of(change.finding)] = change.finding.suspect
        else:
            del standing[key_of(change.finding)]
    return standing


def _shown(fleet: Fleet) -> tuple[list[Standing], list[Balance]]:
    return fleet.audit.findings(), sorted(fleet.audit.balances(), key=str)


def _documents(fleet: Fleet) -> dict[str, object]:
    """All racks and all equipment, without the faults, which have a past, and without ages."""
    things = {
        **{each.id: rack_view(each, fleet.now) for each in fleet.views()},
        **{each.id: equipment_view(each, fleet, fleet.now) for each in fleet.equipment()},
    }
    left_out = LEFT_OUT | OF_FAULTS
    return {
        key: {
            name: said
            for name, said in each.model_dump(mode="json").items()
            if name not in left_out
        }
        for key, each in things.items()
    }


def _busy(sent: Sequence[Sent], ticks: Iterable[int], end: Instant) -> tuple[Fleet, list[Change]]:
    """Fold with other looks at the clock between the messages."""
    fleet, changes = Fleet(), list[Change]()
    pending = sorted(Instant(START + tick) for tick in ticks if START + tick <= end)
    for message, now in [*sent, (None, end)]:
        while pending and pending[0] <= now:
            changes += fleet.advance(pending.pop(0))
        changes += fleet.advance(now)
        changes += fleet.apply(message, now) if message is not None else ()
    return fleet, changes


@_FEWER
@given(audited(), st.lists(st.integers(0, 600_000)), st.integers(0, 400_000))
def test_findings_do_not_depend_on_how_often_the_clock_ticks(
    sent: list[Sent], ticks: list[int], rest: int
) -> None:
    end = Instant(end_of(sent) + rest)
    quiet, expected = fold(sent, end)
    busy, changes = _busy(sent, ticks, end)

    assert changes == expected
    assert _shown(busy) == _shown(quiet)
    codes = {each.finding.code for each in quiet.audit.findings()}
    event(", ".join(sorted(codes)) or "no finding")


@_FEWER
@given(audited(), st.integers(0, 400_000))
def test_every_message_twice_finds_what_every_message_once_does(
    sent: list[Sent], rest: int
) -> None:
    end = Instant(end_of(sent) + rest)
    once, expected = fold(sent, end)
    twice, changes = fold([each for each in sent for _ in range(2)], end)

    assert _audited(changes) == _audited(expected)
    assert _shown(twice) == _shown(once)


@_FEWER
@given(audited(), st.integers(0, 400_000), st.randoms(use_true_random=False))
def test_order_of_different_points_within_an_instant_finds_the_same(
    sent: list[Sent], rest: int, random: Random
) -> None:
    end = Instant(end_of(sent) + rest)
    one, expected = fold(sent, end)
    other, changes = fold(shuffled(sent, random), end)

    assert _audited(changes) == _audited(expected)
    assert _shown(other) == _shown(one)


@_FEWER
@given(audited())
def test_changes_tell_which_findings_stand(sent: list[Sent]) -> None:
    fleet, changes = fold(sent, Instant(end_of(sent) + 100_000))

    assert _told_to_stand(changes) == {
        key_of(each.finding): each.finding.suspect for each in fleet.audit.findings()
    }


@_FEWER
@given(audited(), st.integers(0, 3_600_000))
def test_while_nothing_is_heard_nothing_begins_and_nothing_ends(
    sent: list[Sent], silent_for: int
) -> None:
    silence = after(end_of(sent), Millis(STALE_AFTER + LOST_AFTER))
    fleet, _ = fold(sent, silence)
    before = fleet.audit.findings()

    changes = fleet.advance(Instant(silence + silent_for))

    assert _told(changes) == []
    assert fleet.audit.findings() == before


@_FEWER
@given(audited())
def test_all_that_has_left_has_no_findings(sent: list[Sent]) -> None:
    end = end_of(sent)
    fleet, changes = fold([*sent, *((Retraction(point.id), end) for point in _POINTS)])
    changes += fleet.advance(after(end, Millis(BEAT * BEATS + 2_000)))

    assert fleet.audit.findings() == []
    assert [*fleet.audit.balances()] == []
    assert _told_to_stand(changes) == {}


@given(_BENT)
def test_documents_know_nothing_of_findings_that_stand(bent: dict[Point, float]) -> None:
    told: list[Sent] = [(point, START) for point in _POINTS]
    readings = [received(each, at(200)) for each in _snapshot(bent)]
    last: list[Sent] = [(each, at(200)) for each in readings]
    for_long: list[Sent] = [
        (received(each, at(second)), at(second))
        for second in range(0, 200, 20)
        for each in _snapshot(bent)
    ]
    with_findings, _ = fold([*told, *for_long, *last], at(200))
    without, _ = fold([*told, *last], at(200))

    assert _documents(with_findings) == _documents(without)


def test_the_real_recording_finds_the_same_in_another_order_and_at_another_pace(
    dsx: Path,
) -> None:
    sent = recording(dsx)
    one, expected = fold(sent, at(220))
    random = Random(1)  # noqa: S311  # shuffles, and keeps no secret
    other, changes = fold(shuffled(sent, random), at(220))
    busy, often = _busy(sent, range(0, 220_000, 77), at(220))

    assert _audited(changes) == _audited(often) == _audited(expected)
    assert _shown(other) == _shown(busy) == _shown(one)
