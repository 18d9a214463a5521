import json

import msgspec
import pytest

from build import START, at
from schemas.annotations import Kept, annotation_view, kept, marks
from schemas.rfc3339 import format_instant
from twin.severity import Severity


def a_fault(
    name: str = "f1",
    raised: float = 0,
    cleared: float | None = None,
    closed: float | None = None,
    severity: Severity = Severity.WARNING,
) -> Kept:
    times = (None if each is None else format_instant(at(each)) for each in (cleared, closed))
    return Kept(
        name, "leak.detected", "R1", severity, "It leaks", format_instant(at(raised)), *times
    )


def test_a_mark_has_the_fields_of_an_annotation() -> None:
    view = annotation_view(a_fault(cleared=60)).model_dump(mode="json", by_alias=True)
    assert view == {
        "time": "2026-01-01T00:00:00.000Z",
        "timeEnd": "2026-01-01T00:01:00.000Z",
        "title": "leak.detected R1",
        "text": "It leaks",
        "tags": "leak.detected,WARNING,R1",
        "severity": "WARNING",
        "code": "leak.detected",
        "entity": "R1",
        "id": "f1",
    }


def test_a_fault_that_is_there_has_no_end() -> None:
    assert annotation_view(a_fault()).time_end is None


def test_one_that_was_closed_ends_with_that() -> None:
    assert annotation_view(a_fault(closed=5)).time_end == "2026-01-01T00:00:05.000Z"


@pytest.mark.parametrize(
    ("fault", "there"),
    [
        (a_fault(raised=-50), True),
        (a_fault(raised=-50, cleared=-1), False),
        (a_fault(raised=-50, cleared=0), True),
        (a_fault(raised=99), True),
        (a_fault(raised=100), False),
        (a_fault(raised=10, cleared=500), True),
    ],
)
def test_a_mark_is_there_where_the_fault_was_in_the_range(fault: Kept, *, there: bool) -> None:
    assert bool(marks([fault], START, at(100), Severity.OK)) is there


def test_a_fault_is_marked_once_as_it_was_told_last_in_order_of_time() -> None:
    told = [a_fault("b", 5), a_fault("a", 1), a_fault("b", 5, cleared=9)]
    assert [(mark.id, mark.time_end) for mark in marks(told, START, at(100), Severity.OK)] == [
        ("a", None),
        ("b", "2026-01-01T00:00:09.000Z"),
    ]


def test_only_the_worse_can_be_asked_for() -> None:
    told = [a_fault("a"), a_fault("b", severity=Severity.CRITICAL)]
    assert [mark.id for mark in marks(told, START, at(1), Severity.CRITICAL)] == ["b"]


def test_what_history_keeps_is_read_and_what_else_stands_there_left_alone() -> None:
    fault = a_fault(cleared=60)
    text = json.dumps({**msgspec.structs.asdict(fault), "guidance": "Look", "priority": 1})
    assert kept(text) == fault


@pytest.mark.parametrize("text", ["", "{}", "leak"])
def test_what_is_no_fault_is_not_read(text: str) -> None:
    with pytest.raises(msgspec.MsgspecError):
        kept(text)
