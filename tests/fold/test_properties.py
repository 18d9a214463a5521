"""What holds of every stream of messages, whatever is in it."""

from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from build import START
from streams import POINTS, READINGS, Sent, end_of, fold, shuffled, streams, view
from twin.changes import Change
from twin.entities import PointCounts
from twin.fleet import Fleet, Message
from twin.hearing import LOST_AFTER, STALE_AFTER
from twin.instants import Instant
from twin.points import Freshness, PointId, Reading


@given(streams() | streams(told=False), st.lists(st.integers(0, 600_000)))
def test_it_does_not_matter_how_often_the_clock_ticks(sent: list[Sent], ticks: list[int]) -> None:
    end = Instant(end_of(sent) + STALE_AFTER + LOST_AFTER)
    quiet, expected = fold(sent, end)

    busy = Fleet()
    changes: list[Change] = []
    pending = sorted(Instant(START + tick) for tick in ticks if START + tick <= end)
    for message, now in [*sent, (None, end)]:
        while pending and pending[0] <= now:
            changes += busy.advance(pending.pop(0))
        changes += busy.advance(now)
        changes += busy.apply(message, now) if message is not None else ()

    assert changes == expected
    assert view(busy) == view(quiet)


@given(streams() | streams(told=False))
def test_every_message_twice_ends_as_every_message_once(sent: list[Sent]) -> None:
    once, _ = fold(sent)
    twice, _ = fold([each for each in sent for _ in range(2)])

    assert view(twice) == view(once)


@given(streams() | streams(told=False), st.randoms(use_true_random=False))
def test_order_of_different_points_within_an_instant_does_not_matter(
    sent: list[Sent], random: Random
) -> None:
    one, _ = fold(sent)
    other, _ = fold(shuffled(sent, random))

    assert view(other) == view(one)


@given(streams(READINGS, told=False), st.lists(st.integers(0, 99), min_size=len(POINTS)))
def test_late_metadata_end_as_metadata_that_came_first(sent: list[Sent], places: list[int]) -> None:
    end = end_of(sent)
    first, _ = fold([*((point, START) for point in POINTS), *sent], end)

    mixed = list(sent)
    for point, place in zip(POINTS, places, strict=False):
        index = place % (len(mixed) + 1)
        mixed.insert(index, (point, mixed[index][1] if index < len(mixed) else end))
    late, _ = fold(mixed, end)

    assert view(late) == view(first)


@given(streams() | streams(told=False))
def test_counts_equal_a_recount(sent: list[Sent]) -> None:
    fleet = Fleet()
    for message, now in sent:
        fleet.advance(now)
        fleet.apply(message, now)

        states = list(fleet.points())
        found = Counter(state.freshness for state in states)
        expected = PointCounts(
            live=found[Freshness.LIVE],
            stale=found[Freshness.STALE],
            unheard=found[Freshness.UNHEARD],
            bad=sum(
                state.freshness is not Freshness.UNHEARD
                and (state.quality != 1 or state.value is None)
                for state in states
            ),
        )
        assert fleet.counts == expected
        entities = [*fleet.racks(), *fleet.equipment()]
        assert len(fleet) == sum(len(entity.points) for entity in entities)


@given(streams(READINGS), st.data())
def test_late_copies_change_nothing(sent: list[Sent], data: st.DataObject) -> None:
    sent = [(_in_time(message, now), now) for message, now in sent]
    mixed = []
    held: dict[PointId, list[Reading]] = {}
    for message, now in sent:
        mixed.append((message, now))
        if isinstance(message, Reading):
            before = held.setdefault(message.point, [])
            late = [each for each in before if each.measured_at < message.measured_at]
            if late:
                mixed.append((data.draw(st.sampled_from(late)), now))
            before.append(message)

    assert view(fold(mixed)[0]) == view(fold(sent)[0])


def _in_time(message: Message, now: Instant) -> Message:
    """The message without the wrong publisher and the wrong clock that it may come from."""
    if not isinstance(message, Reading):
        return message
    owner = next(point.publisher for point in POINTS if point.id == message.point)
    return message._replace(publisher=owner, measured_at=now)


@given(streams(READINGS))
def test_source_time_of_a_point_never_goes_back(sent: list[Sent]) -> None:
    fleet = Fleet()
    shown: dict[PointId, Instant] = {}
    for message, now in sent:
        fleet.advance(now)
        fleet.apply(_not_ahead(message, now), now)
        for state in fleet.points():
            assert state.measured_at >= shown.get(state.point.id, 0)
            shown[state.point.id] = state.measured_at


def _not_ahead(message: Message, now: Instant) -> Message:
    if isinstance(message, Reading):
        return message._replace(measured_at=min(message.measured_at, now))
    return message
