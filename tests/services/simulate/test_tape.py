from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import msgspec
import pytest

from build import START, at
from schemas.contract import CADENCE_S
from services.simulate.plant import Plant
from services.simulate.tape import Said, Tape, changes, everything, repeats
from twin.instants import Instant, Millis

NOW = Instant(1_800_000_000_123)
LEAK = "/RackLeakDetect/"
LEFT = (LEAK,)


def value(number: int) -> bytes:
    return b'{"value":%d,"timestamp":%d,"quality":1}' % (number, START)


def three() -> Tape:
    """Of two seconds: A says 1, then 2; B says 3, as metadata does."""
    said = (
        Said(Millis(0), "A", value(1)),
        Said(Millis(900), "A", value(2)),
        Said(Millis(1_500), "B", value(3)),
        Said(Millis(1_500), "M", b'{"timestamp":5}', retain=True),
    )
    return Tape(Millis(2_000), said)


def packets_in(stream: bytes) -> Iterator[tuple[str, bytes, bool]]:
    """Topic, payload and whether it is retained, of packets at QoS 0."""
    place = 0
    while place < len(stream):
        head, place, size, shift = stream[place], place + 1, 0, 0
        while True:
            byte, place = stream[place], place + 1
            size |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        body, place = stream[place : place + size], place + size
        length = int.from_bytes(body[:2])
        assert head & 0xFE == 0x30
        yield body[2 : 2 + length].decode(), body[2 + length :], head & 1 == 1


def heard(tape: Tape, start: int, end: int, now: Instant = NOW) -> list[tuple[str, bytes, bool]]:
    stream = b"".join(bytes(each) for each in tape.packets(start, end, now))
    return list(packets_in(stream))


def stamped(number: int, now: Instant = NOW) -> bytes:
    return value(number).replace(b"%d" % START, b"%d" % now)


def test_values_say_when_they_are_sent_and_metadata_stays() -> None:
    assert heard(three(), 0, 4) == [
        ("A", stamped(1), False),
        ("A", stamped(2), False),
        ("B", stamped(3), False),
        ("M", b'{"timestamp":5}', True),
    ]


def test_it_goes_on_from_its_beginning_when_it_is_over() -> None:
    tape = three()
    assert heard(tape, 2, 10) == [*heard(tape, 2, 4), *heard(tape, 0, 4), *heard(tape, 0, 2)]
    assert heard(tape, 7, 7) == []


def test_the_same_message_says_another_time_each_round() -> None:
    tape = three()
    later = Instant(NOW + 2_000)
    assert heard(tape, 0, 1) == [("A", stamped(1), False)]
    assert heard(tape, 4, 5, later) == [("A", stamped(1, later), False)]


@pytest.mark.parametrize(
    ("elapsed", "due"),
    [(0, 0), (1, 1), (900.5, 2), (1_501, 4), (2_000, 4), (2_001, 5), (5_000, 10)],
)
def test_messages_are_due_round_after_round(elapsed: float, due: int) -> None:
    assert three().due(elapsed) == due


@pytest.mark.parametrize(("before", "values"), [(0, 0), (3, 3), (4, 3), (5, 4), (12, 9)])
def test_values_are_counted_apart_from_metadata(before: int, values: int) -> None:
    assert three().values(before) == values


def test_it_knows_what_it_said_last_on_a_topic() -> None:
    tape = three()
    assert [tape.last("A", before) for before in (0, 1, 2, 4, 5, 6)] == [None, 0, 1, 1, 4, 5]
    assert [tape.last("B", before) for before in (2, 3, 4, 6, 7)] == [None, 2, 2, 2, 6]
    assert tape.last("C", 9) is None
    assert tape.payload(5) == value(2)


def test_its_rate_is_that_at_which_it_was_said() -> None:
    assert three().rate == 2


def test_changes_and_repeats_say_what_a_plant_says_but_heartbeats_and_what_is_left_out() -> None:
    plant, until = Plant(2, seed=1), 8
    told = [changes(plant, START, Millis(8_000), LEFT), repeats(plant, START, LEFT)]

    said = {
        (topic, _number(payload))
        for tape in told
        for topic, payload, retain in heard(tape, 0, tape.due(tape.length))
        if not retain
    }

    expected = {
        (each.topic, _number(each.payload))
        for each in plant.recording(START, at(until))
        if "/Value/" in each.topic and LEAK not in each.topic and "/System/" not in each.topic
    }
    assert said == expected


def test_changes_are_due_when_the_plant_says_them() -> None:
    plant = Plant(2, seed=1)
    tape = changes(plant, START, Millis(3_000), LEFT)
    said = [
        each.received_at
        for each in plant.messages(START, at(3))
        if "/Value/" in each.topic and "/System/" not in each.topic
    ]
    whole = sum(at <= START + 1_500 for at in said)
    assert tape.due(1_501) == pytest.approx(whole, abs=8)  # but what is repeated


def test_everything_is_repeated_once_in_a_hundred_seconds_and_evenly() -> None:
    tape = repeats(Plant(16, seed=1), START, LEFT)
    values = Counter(topic for topic, _, retain in heard(tape, 0, len(tape)) if not retain)
    assert set(values.values()) == {1}
    assert tape.length == CADENCE_S * 1_000
    seconds = [tape.due(second * 1_000) for second in range(CADENCE_S + 1)]
    assert max(b - a for a, b in pairwise(seconds)) < 3 * tape.rate


def test_metadata_is_retained_and_that_of_the_plant() -> None:
    plant = Plant(2, seed=1)
    tape = repeats(plant, START, LEFT)
    metadata = {(topic, payload) for topic, payload, kept in heard(tape, 0, len(tape)) if kept}
    assert metadata == set(plant.metadata())


def test_every_point_speaks_each_second_where_everything_is_said() -> None:
    plant = Plant(2, seed=1)
    tape = everything(plant, START, 3, LEFT)
    said = Counter(topic for topic, _, _ in heard(tape, 0, len(tape)))
    assert set(said.values()) == {3}
    assert tape.due(1_000) == len(said)
    assert set(said) == {
        each.topic
        for each in plant.values(START)
        if LEAK not in each.topic and "/System/" not in each.topic
    }


def _number(payload: bytes) -> float:
    number: float = msgspec.json.decode(payload)["value"]
    return number
