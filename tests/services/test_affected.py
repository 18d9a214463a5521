from collections.abc import Sequence
from dataclasses import replace

import pytest

from build import START, a_point, a_reading, at, tell
from services.affected import Affected
from twin.changes import Change, Derived, FaultChanged, FindingChanged, PointDescribed, PointStale
from twin.fault import Fault, Key, What
from twin.finding import Finding
from twin.fleet import Fleet, Message
from twin.hearing import STALE_AFTER
from twin.instants import after
from twin.points import EntityId, Point, Retraction

TAP = a_point("PowerMeter/ActivePower", "TAP", serves=("R1",))
RACKS = tuple(a_point("Rack/RackPower", name) for name in ("R1", "R2"))


class Told:
    """A fleet, and whom it alters that it is told something."""

    def __init__(self, *messages: Message) -> None:
        self.fleet = Fleet()
        self._affected = Affected(self.fleet)
        self.by(*messages)

    def by(self, *messages: Message) -> set[EntityId]:
        return self.of(tell(self.fleet, START, *messages))

    def of(self, changes: Sequence[Change]) -> set[EntityId]:
        return self._affected.by(changes)


def test_meter_reading_affects_the_racks_it_feeds_and_not_the_meter() -> None:
    told = Told(*RACKS, TAP)
    assert told.by(a_reading(TAP, 5.0)) == {"R1"}


def test_meter_reading_affects_no_equipment_that_it_feeds() -> None:
    busway = a_point("PowerMeter/ActivePower", "BUS", serves=("TAP", "R9"))
    told = Told(*RACKS, TAP, busway)
    assert told.by(a_reading(busway, 5.0)) == set()


def test_rack_that_is_described_after_its_meter_spoke_is_affected_from_then_on() -> None:
    told = Told(TAP, a_reading(TAP, 5.0))
    assert told.by(a_reading(TAP, 6.0, at(1))) == set()
    told.by(*RACKS)
    assert told.by(a_reading(TAP, 7.0, at(2))) == {"R1"}


def test_rack_that_is_no_more_is_affected_no_more() -> None:
    told = Told(*RACKS, TAP, a_reading(TAP, 5.0))
    told.by(Retraction(RACKS[0].id))
    assert told.by(a_reading(TAP, 6.0, at(1))) == set()


def test_rack_reading_affects_the_rack_alone_even_when_it_only_repeats() -> None:
    told = Told(TAP, *RACKS)
    assert told.by(a_reading(RACKS[0], 5.0)) == {"R1"}
    assert told.by(a_reading(RACKS[0], 5.0, at(1))) == {"R1"}


def test_silence_affects_whom_a_reading_would() -> None:
    told = Told(*RACKS, TAP, a_reading(TAP, 5.0))
    due = told.fleet.advance(after(START, STALE_AFTER))
    assert told.of([each for each in due if isinstance(each, PointStale)]) == {"R1"}


@pytest.mark.parametrize(
    ("point", "racks"),
    [
        (a_point("CDU/LiquidFlow", "CDU", serves=("R1", "R2")), {"R1", "R2"}),
        (
            replace(a_point("CDU/LiquidTemperature", "CDU", serves=("R1", "R2")), is_setpoint=True),
            {"R1", "R2"},
        ),
        (a_point("CDU/LiquidTemperature", "CDU", serves=("R1", "R2")), set()),
        (a_point("CDU/PumpSpeed", "CDU", serves=("R1", "R2")), set()),
    ],
)
def test_cdu_reading_affects_the_racks_behind_it_that_are_measured_by_it(
    point: Point, racks: set[str]
) -> None:
    told = Told(*RACKS, point)
    assert told.by(a_reading(point, 5.0)) == racks


def test_meter_that_feeds_others_affects_those_it_leaves() -> None:
    told = Told(*RACKS, TAP)
    elsewhere = a_point("PowerMeter/ActivePower", "TAP", serves=("R2",))
    assert told.by(elsewhere) == {"TAP", "R1", "R2"}
    assert told.by(a_reading(elsewhere, 5.0)) == {"R2"}


def test_meter_that_feeds_others_after_it_spoke_affects_those_from_then_on() -> None:
    told = Told(*RACKS, TAP, a_reading(TAP, 5.0))
    elsewhere = a_point("PowerMeter/ActivePower", "TAP", serves=("R2",))
    told.by(elsewhere)
    assert told.by(a_reading(elsewhere, 6.0, at(1))) == {"R2"}


def test_busway_described_affects_the_racks_behind_its_taps() -> None:
    told = Told(TAP)
    busway = a_point("PowerMeter/Current", "BUS", serves=("TAP",))
    assert told.by(busway) == {"BUS", "TAP", "R1"}


def test_retraction_affects_the_racks_that_were_served() -> None:
    told = Told(TAP)
    assert told.by(Retraction(TAP.id)) == {"TAP", "R1"}


def test_late_reading_affects_nothing() -> None:
    told = Told(a_point(), a_reading(a_point(), 5.0))
    assert told.by(a_reading(a_point(), 4.0, at(-1))) == set()


def test_first_description_knows_nothing_before() -> None:
    (change,) = tell(Fleet(), START, TAP)
    assert isinstance(change, PointDescribed)
    assert change.before is None


def test_a_finding_affects_whom_it_is_about_and_a_derived_number_nobody() -> None:
    told, rack = Told(a_point()), EntityId("R1")
    finding = Finding("balance.heat", rack, None, "so")
    changed = FindingChanged(finding, standing=True, at=START)
    assert told.of([changed]) == {rack}
    assert told.of([Derived(rack, "heat_kw", 95.5, START)]) == set()


def test_fault_that_was_raised_alters_the_document_of_its_entity() -> None:
    fault = Fault(Key("leak.detected", EntityId("R1")), id="a")
    raised = FaultChanged(fault, What.RAISED, START)
    pending = FaultChanged(fault._replace(id=""), What.PENDING, START)
    told = Told()
    assert told.of([raised]) == {"R1"}
    assert told.of([pending]) == set()
