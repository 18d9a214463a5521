from dataclasses import replace

import pytest

from build import a_heartbeat, at
from twin.changes import FindingChanged, PublisherChanged
from twin.fault import Judged
from twin.finding import Finding
from twin.points import EntityId, Freshness
from twin.severity import Severity
from twin.watch.data import of_finding, of_publisher


def _finding(
    suspect: str | None, code: str = "sensor.implausible", ratio: float | None = None
) -> Finding:
    return Finding(code, EntityId("M1"), suspect, "it cannot be", ratio)


@pytest.mark.parametrize(
    ("freshness", "severity"),
    [(Freshness.STALE, Severity.WARNING), (Freshness.LIVE, Severity.OK)],
)
def test_publisher_is_lost_while_its_heart_does_not_beat(
    freshness: Freshness, severity: Severity
) -> None:
    key, judged = of_publisher(PublisherChanged(a_heartbeat("NICO"), freshness, at(0)))

    assert key == ("data.publisher_lost", "NICO", "")
    assert judged.severity is severity


def test_each_scope_of_a_publisher_is_lost_on_its_own() -> None:
    heart = a_heartbeat("NICO", "hall1")
    key, judged = of_publisher(PublisherChanged(heart, Freshness.STALE, at(0)))

    assert key == ("data.publisher_lost", "NICO", "hall1")
    assert (judged.message, judged.point) == ("no heartbeat of NICO for hall1", heart.id)


def test_finding_is_a_fault_with_its_suspect_and_its_reason() -> None:
    finding = FindingChanged(_finding("Voltage", ratio=0.8), standing=True, at=at(0))

    key, judged = of_finding(finding)

    assert key == ("sensor.implausible", "M1", "Voltage")
    assert judged == Judged(Severity.WARNING, 0.8, None, "1", "Voltage", "it cannot be")


def test_finding_that_is_no_balance_has_no_number() -> None:
    _, judged = of_finding(FindingChanged(_finding("Voltage"), standing=True, at=at(0)))

    assert (judged.value, judged.unit) == (None, None)


def test_finding_that_is_over_is_well_under_the_same_key() -> None:
    for finding in (_finding("A", "balance.heat"), _finding(None, "data.contract")):
        told = [
            of_finding(FindingChanged(finding, standing=each, at=at(0))) for each in (True, False)
        ]
        assert told[0][0] == told[1][0]
        assert told[1][1].severity is Severity.OK


def test_balance_is_one_fault_whoever_is_suspected() -> None:
    said = [_finding(suspect, "balance.power") for suspect in ("ActivePower", None)]
    keys = {of_finding(FindingChanged(each, standing=True, at=at(0)))[0] for each in said}

    assert keys == {("balance.power", "M1", "")}


def test_contradictions_of_one_thing_are_told_apart() -> None:
    said = [replace(_finding(None, "data.contract"), reason=reason) for reason in ("one", "two")]
    keys = [of_finding(FindingChanged(each, standing=True, at=at(0)))[0] for each in said]

    assert [key.qualifier for key in keys] == ["one", "two"]
