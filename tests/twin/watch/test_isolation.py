"""Whether a rack is cut off as it was asked to be."""

from dataclasses import replace

import pytest

from build import a_point, a_state, an_entity
from faulty import a_rule
from twin.fault import UNKNOWN, Judged
from twin.faults.catalogue import CATALOGUE
from twin.faults.rule import Rules
from twin.points import Freshness
from twin.severity import Severity
from twin.watch.isolation import Isolation
from watched import key

STATUS = a_point("Rack/RackLiquidIsolationStatus")
REQUEST = a_point("Rack/RackLiquidIsolationRequest")
POWER_STATUS = a_point("Rack/RackElectricalIsolationStatus")
KEY = key("isolation.mismatch", "liquid")


def an_isolation(status: float | None, request: float | None) -> Isolation:
    """A rack whose power can be cut off, but never by request."""
    states = [a_state(STATUS, status), a_state(REQUEST, request), a_state(POWER_STATUS, 1.0)]
    return Isolation(an_entity("R1", *states), CATALOGUE)


def judged(status: float | None, request: float | None) -> Judged:
    ((of, found),) = an_isolation(status, request).judge([], calm=False)
    assert of == KEY
    return found


@pytest.mark.parametrize(
    ("status", "request_", "severity"),
    [
        (0.0, 0.0, Severity.OK),
        (1.0, 1.0, Severity.OK),
        (0.0, 1.0, Severity.WARNING),
        (1.0, 0.0, Severity.CRITICAL),
        (None, 1.0, None),
        (1.0, None, None),
    ],
)
def test_status_and_request_must_agree(
    status: float | None, request_: float | None, severity: Severity | None
) -> None:
    assert judged(status, request_).severity is severity


def test_what_does_not_agree_is_told_in_words() -> None:
    assert judged(0.0, 1.0).message == "the rack was to be cut off from its coolant, and is not"
    said = "the rack is cut off from its coolant, and nobody asked for it"
    assert judged(1.0, 0.0).message == said
    assert judged(1.0, 0.0).point == STATUS.id


def test_it_is_calm_where_nothing_is_cut_off_or_asked_for() -> None:
    assert an_isolation(0.0, 0.0).calm()
    assert an_isolation(0.0, None).calm()
    assert not an_isolation(0.0, 1.0).calm()
    assert not an_isolation(1.0, 1.0).calm()


def test_where_all_is_calm_only_what_has_a_fault_is_judged() -> None:
    isolation = an_isolation(0.0, 0.0)

    assert list(isolation.judge([], calm=True)) == []
    assert [of for of, _ in isolation.judge([KEY], calm=True)] == [KEY]


def test_texts_decide_what_is_at_rest() -> None:
    status = replace(STATUS, states=((0, "Isolated"), (1, "NotIsolated")))
    states = [a_state(status, 0.0), a_state(REQUEST, 0.0)]
    isolation = Isolation(an_entity("R1", *states), CATALOGUE)

    assert not isolation.calm()
    ((_, found),) = isolation.judge([], calm=False)
    assert found.severity is Severity.CRITICAL


def test_a_request_that_is_stale_says_nothing() -> None:
    states = [a_state(STATUS, 1.0), a_state(REQUEST, 0.0, freshness=Freshness.STALE)]
    ((_, found),) = Isolation(an_entity("R1", *states), CATALOGUE).judge([], calm=False)

    assert found is UNKNOWN


def test_what_no_rule_asks_for_is_not_judged() -> None:
    states = [a_state(STATUS, 1.0), a_state(REQUEST, 0.0)]
    isolation = Isolation(an_entity("R1", *states), Rules.of([a_rule("plain")]))

    assert isolation.calm()
    assert list(isolation.judge([], calm=False)) == []
