from math import isnan

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from build import at
from faulty import WARNING, key
from services.disk.frames import End, frame, frames_of
from services.faults.records import (
    PART,
    Contents,
    Record,
    UnknownFormatError,
    begun,
    read,
    written,
)
from twin.changes import FaultChanged
from twin.fault import Closed, Comment, Condition, Fault, Judged, Key, Mask, State, What
from twin.faults.ledger import Books
from twin.faults.tally import Minute, Subject
from twin.instants import Instant, Millis
from twin.points import EntityId
from twin.severity import Severity

WHOLE = st.integers(-(2**63), 2**63 - 1)
TIME = WHOLE.map(Instant)
NUMBER = st.none() | st.floats(allow_nan=False)
TEXT = st.text(max_size=5)
NAME = TEXT.map(EntityId)
JUDGED = st.builds(Judged, value=NUMBER, limit=NUMBER, message=TEXT, publisher=st.none() | NAME)
MASK = st.none() | st.builds(Mask, by=TEXT, reason=TEXT, since=TIME, until=TIME)
TIMES = ("since", "until", "raised_at", "realarm_at", "waits_until", "explains_until")
SOME_TIMES = ("held_since", "cleared_at", "unacked_since", "acknowledged_at", "annunciated_at")
FAULTS = st.builds(
    Fault,
    **dict.fromkeys(("number", "flap_count", "realarm_count"), WHOLE),
    **dict.fromkeys((*TIMES, "forget_at", "closed_at", "hushed_at"), TIME),
    **dict.fromkeys(SOME_TIMES, st.none() | TIME),
    key=st.builds(Key, TEXT, NAME, TEXT),
    id=TEXT,
    condition=st.sampled_from(Condition),
    pending=JUDGED,
    judged=JUDGED,
    severity_now=st.sampled_from(Severity),
    shelved=MASK,
    out_of_service=MASK,
    suppressed_by=st.lists(TEXT, max_size=2).map(tuple),
    latched=st.booleans(),
    recent=st.lists(TIME, max_size=3).map(tuple),
    entries=st.lists(TIME, max_size=3).map(tuple),
    comments=st.lists(st.builds(Comment, TEXT, TEXT, TIME), max_size=2).map(tuple),
    closed=st.none() | st.sampled_from(Closed),
)
CHANGES = st.builds(
    FaultChanged,
    fault=FAULTS,
    what=st.sampled_from(What),
    at=TIME,
    by=st.none() | TEXT,
    before=st.sampled_from(State),
    annunciates=st.booleans(),
)
COUNTS = st.dictionaries(WHOLE, WHOLE, max_size=3)
MINUTES = st.builds(
    Minute,
    number=WHOLE,
    by_priority=COUNTS,
    by_subject=st.lists(st.tuples(st.builds(Subject, TEXT, NAME), WHOLE), max_size=2).map(tuple),
    longest_unacked=WHOLE.map(Millis),
)
BOOKS = st.builds(
    Books,
    now=TIME,
    live=st.lists(FAULTS, max_size=3).map(tuple),
    closed=st.lists(FAULTS, max_size=3).map(tuple),
    minutes=st.lists(MINUTES, max_size=2).map(tuple),
    fleeting=st.lists(st.tuples(TEXT, WHOLE), max_size=2).map(tuple),
    untold=WHOLE,
    forgotten=WHOLE,
)


@given(CHANGES, st.none() | st.text())
def test_a_record_is_read_as_it_was_written(change: FaultChanged, address: str | None) -> None:
    record = Record(1, change, address)

    found = read(b"".join(begun(0, Books())) + written(record))

    assert found.records == [record]
    assert repr(found.records) == repr([record])  # the same types as well


@given(BOOKS)
def test_books_are_read_as_they_were_written(books: Books) -> None:
    data = b"".join(begun(7, books))

    assert read(data) == Contents(books, [], 7, len(data), len(data), End.WHOLE)


def test_what_is_no_number_is_read_as_it_was_written() -> None:
    change = FaultChanged(
        Fault(key(), judged=WARNING._replace(value=float("nan"))), What.RAISED, at(0)
    )

    (found,) = read(b"".join(begun(0, Books())) + written(Record(1, change))).records

    value = found.change.fault.judged.value
    assert value is not None
    assert isnan(value)


def faults(count: int) -> tuple[Fault, ...]:
    return tuple(Fault(key(entity=f"R{number:04}")) for number in range(count))


def test_books_come_in_parts() -> None:
    books = Books(live=faults(PART + 1), closed=faults(PART))
    data = b"".join(begun(7, books))

    assert len(list(begun(7, books))) == 4
    assert read(data).books == books
    assert read(data).head == len(data)


def test_books_that_are_not_whole_are_damaged_wherever_they_end() -> None:
    data = b"".join(begun(7, Books(live=faults(3 * PART))))
    sizes = frames_of(data).sizes
    for cut in (*sizes[:-1], sizes[1] + 5):
        found = read(data[:cut])
        assert found.end is End.DAMAGED
        assert found.seq > 7
    assert len(read(data[: sizes[1]]).books.live) == PART


def test_what_the_books_know_of_is_passed_over() -> None:
    change = FaultChanged(Fault(key()), What.RAISED, at(0))
    head = b"".join(begun(7, Books()))
    found = read(head + b"".join(written(Record(seq, change)) for seq in (6, 7, 8, 8, 9)))

    assert [record.seq for record in found.records] == [8, 9]
    assert found.seq == 9
    assert found.head == len(head)


def test_numbers_go_on_behind_all_that_may_be_lost() -> None:
    change = FaultChanged(Fault(key()), What.RAISED, at(0))
    data = b"".join((*begun(0, Books()), *(written(Record(seq, change)) for seq in range(1, 100))))
    sizes = frames_of(data).sizes
    for place in (0, sizes[0] - 1, sizes[0], sizes[50] + 3):
        broken = bytearray(data)
        broken[place] ^= 1
        assert read(bytes(broken)).seq > 99


def test_nothing_is_read_of_nothing() -> None:
    assert read(b"") == Contents(Books(), [], 0, 0, 0, End.WHOLE)
    assert read(b"\1") == Contents(Books(), [], 0, 0, 0, End.TORN)


def test_another_version_is_refused() -> None:
    head = frame(msgspec.msgpack.encode((2, 0, Books(), 0, 0)))
    for data in (head, frame(b"\xc1"), frame(msgspec.msgpack.encode("something"))):
        with pytest.raises(UnknownFormatError, match="version"):
            read(data)
