"""What goes wrong is told in time, once, of the right thing, until it is over; and nothing else."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path

import pytest

from build import START, at
from schemas.envelope import Envelope
from schemas.fleet_file import parse
from services.bench.faults import Run, recorded, simulated
from services.bench.truth import score
from services.intake import Intake
from services.replay.files import read
from services.simulate.fleet_file import fleet_file
from services.simulate.plant import Plant
from services.simulate.scenarios import SCENARIOS, stage
from services.simulate.site import site_of
from twin.changes import Change, FaultChanged
from twin.faults.catalogue import CATALOGUE
from twin.faults.engine import Faults
from twin.fleet import Fleet
from twin.instants import Instant, Millis, after
from twin.severity import Severity

RACKS = 6
COURSES = ("leak", "flow_loss", "heartbeat", "bad_quality")
"""Scenarios of each way in: trips, looks at racks and units, publishers, qualities."""

BENT = (
    "leak",
    "leak_chatter",
    "leak_sensor_fault",
    "isolation_ignored",
    "bad_quality",
    "bias_power",
    "bias_flow",
    "bias_supply",
    "bias_return",
    "frozen",
    "unit_error",
)
"""Scenarios for which readings of the recording are bent, and nothing else."""


@pytest.mark.parametrize("name", [each for each in SCENARIOS if each != "steady"])
def test_a_scenario_is_told_as_it_is(name: str) -> None:
    found, raised = simulated(name, RACKS)
    assert raised
    assert not found.misses


def test_a_cause_stands_for_all_that_follows_from_it() -> None:
    _, raised = simulated("flow_loss", RACKS)
    called = [each.key.code for each in raised if each.annunciated_at is not None]
    assert called == ["cdu.pump_lost"]
    assert sum(each.key.code == "liquid.flow_low" for each in raised) == RACKS


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_is_told_where_nothing_is_wrong(seed: int) -> None:
    fleet = of_plant(RACKS)
    Intake(fleet).take_all(Plant(RACKS, seed).recording(START, at(1_800)))
    fleet.advance(at(1_800))
    assert not fleet.faults.occurrences()


# -- the course of things ------------------------------------------------------------------------


@pytest.mark.parametrize("name", COURSES)
def test_course_is_the_same_however_time_is_cut(name: str) -> None:
    messages, until = staged(name)
    whole = course(of_plant(RACKS), messages, until)
    assert whole

    fleet, changes = of_plant(RACKS), list[Change]()
    intake = Intake(fleet)
    for message in messages:
        for instant in range(fleet.now + 37, message.received_at, 37) if fleet.now else ():
            changes += intake.advance(Instant(instant))
        changes += intake.take(message.topic, message.payload, message.received_at)
    changes += intake.advance(until)
    assert of_faults(changes) == whole


@pytest.mark.parametrize("name", COURSES)
def test_course_is_the_same_with_every_message_doubled(name: str) -> None:
    messages, until = staged(name)
    whole = course(of_plant(RACKS), messages, until)
    doubled = chain.from_iterable((message, message) for message in messages)
    assert course(of_plant(RACKS), doubled, until) == whole


@pytest.mark.parametrize("name", COURSES)
@pytest.mark.parametrize("part", [0.2, 0.4, 0.6, 0.8])
def test_course_is_the_same_with_an_engine_made_of_what_was_told(name: str, part: float) -> None:
    messages, until = staged(name)
    whole = course(of_plant(RACKS), messages, until)

    fleet, middle = of_plant(RACKS), at((until - START) / 1000 * part)
    before = [each for each in messages if each.received_at < middle]
    changes = course(fleet, before, middle)
    changes += of_faults(fleet.resume(Faults.restore(CATALOGUE, fleet.topology, changes), middle))
    changes += course(fleet, messages[len(before) :], until)
    assert changes == whole


@pytest.mark.parametrize("name", COURSES)
@pytest.mark.parametrize("part", [0.1, 0.3, 0.5, 0.7])
def test_restart_in_the_middle_forgets_nothing_and_raises_nothing_anew(
    name: str, part: float
) -> None:
    """The process that comes after is told of all points, and of their values as they are."""
    messages, until = staged(name)
    whole = of_plant(RACKS)
    course(whole, messages, until)

    fleet, middle = of_plant(RACKS), at((until - START) / 1000 * part)
    changes = course(fleet, [each for each in messages if each.received_at < middle], middle)
    fleet = of_plant(RACKS)
    plant = Plant(RACKS, 1, stage(name, RACKS, START))
    course(fleet, (Envelope(*each, middle, retain=True) for each in plant.metadata()), middle)
    fleet.resume(Faults.restore(CATALOGUE, fleet.topology, changes), middle)
    course(fleet, plant.recording(middle, until), until)

    found = fleet.faults.occurrences()
    before = [each.id for each in whole.faults.occurrences() if each.raised_at < middle]
    assert {each.id for each in found}.issuperset(before)
    assert not score(stage(name, RACKS, START).labels, found).misses


def staged(name: str) -> tuple[list[Envelope], Instant]:
    script = stage(name, RACKS, START)
    until = after(START, Millis(script.lasts(START) + 10_000))
    return list(Plant(RACKS, 1, script).recording(START, until)), until


def of_plant(racks: int) -> Fleet:
    fleet = Fleet()
    fleet.configure(parse(fleet_file(site_of(racks))))
    return fleet


def course(fleet: Fleet, messages: Iterable[Envelope], until: Instant) -> list[FaultChanged]:
    intake = Intake(fleet)
    changes = intake.take_all(messages)
    return of_faults((*changes, *intake.advance(until)))


def of_faults(changes: Iterable[Change]) -> list[FaultChanged]:
    return [each for each in changes if isinstance(each, FaultChanged)]


# -- the real recording --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pod(dsx: Path) -> Sequence[Envelope]:
    return list(read(dsx / "dsx_exemplar.csv"))


def test_recording_has_faults_of_its_data_and_one_odd_pressure(pod: Sequence[Envelope]) -> None:
    fleet = Fleet()
    course(fleet, pod, pod[-1].received_at)
    raised = fleet.faults.occurrences()
    plant = [each for each in raised if not CATALOGUE[each.key.code].about_data]
    assert [(each.key.code, each.key.entity, each.severity_max) for each in plant] == [
        ("liquid.dp_deviation", "Pod1C-E02", Severity.WARNING)
    ]
    assert set(Counter(each.key for each in raised).values()) == {1}
    assert fleet.faults.health(plant[0].key.entity) is Severity.WARNING


@pytest.fixture(scope="module")
def runs(pod: Sequence[Envelope]) -> Mapping[str, Run]:
    return dict(recorded(pod))


@pytest.mark.parametrize("name", BENT)
def test_what_its_readings_are_bent_to_is_told_of_the_recording(
    runs: Mapping[str, Run], name: str
) -> None:
    assert not runs[name][0].misses


def test_recording_is_bent_in_every_way_that_needs_no_physics(runs: Mapping[str, Run]) -> None:
    assert runs.keys() == set(BENT)
