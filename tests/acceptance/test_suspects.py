"""The real pod played round and round while one sensor lies: who is named once it has lasted."""

import json
from collections.abc import Callable, Iterator
from itertools import takewhile
from pathlib import Path

import pytest

from schemas.envelope import Envelope
from services.bench.rounds import round_and_round
from services.intake import Intake
from services.replay.files import read
from twin.changes import FindingChanged
from twin.finding import Finding
from twin.fleet import Fleet
from twin.instants import Millis, after

FOR = Millis(240_000)
FLOW = "RackLiquidFlow"
GPM = 1 / 3.785412
"""What a flow reads that is told in US gallons a minute."""

Named = tuple[str, str, str | None]
Bend = Callable[[Envelope, int], Envelope]
"""Makes another message of one, so many milliseconds after the beginning."""


@pytest.fixture(scope="module")
def pod(dsx: Path) -> list[Envelope]:
    """Four minutes of the recording, played round and round."""
    once = list(read(dsx / "dsx_exemplar.csv"))
    ends = after(once[0].received_at, FOR)
    return list(takewhile(lambda each: each.received_at < ends, round_and_round(once, FOR)))


@pytest.fixture(scope="module")
def own(pod: list[Envelope]) -> set[Named]:
    """What is found while nothing is bent."""
    return {brief(each) for each in standing(pod, lambda envelope, _: envelope)}


def standing(envelopes: list[Envelope], bend: Bend) -> list[Finding]:
    """What counts at the end."""
    intake = Intake(Fleet())
    begins = envelopes[0].received_at
    intake.take_all(bend(each, each.received_at - begins) for each in envelopes)
    return [each.finding for each in intake.fleet.audit.findings()]


def beyond(own: set[Named], found: list[Finding]) -> list[Finding]:
    assert own <= {brief(each) for each in found}
    return [each for each in found if brief(each) not in own]


def brief(finding: Finding) -> Named:
    return finding.code, finding.entity, finding.suspect


def bent(
    envelopes: list[Envelope], entity: str, point_type: str, by: float, until: int = FOR
) -> Bend:
    """Make one sensor read so many times the truth, until so many milliseconds are over."""
    (topic,) = topics(envelopes, entity, point_type)

    def bend(envelope: Envelope, after: int) -> Envelope:
        if envelope.topic != topic or after > until:
            return envelope
        said = json.loads(envelope.payload)
        said["value"] *= by
        return envelope._replace(payload=json.dumps(said).encode())

    return bend


def topics(envelopes: list[Envelope], entity: str, point_type: str) -> Iterator[str]:
    """Where the values of a point type of one entity are published."""
    seen = set()
    for topic, payload, *_ in envelopes:
        if "/Metadata/" in topic and topic not in seen:
            seen.add(topic)
            said = json.loads(payload)
            named = said.get("rackLocationId", said.get("objectId"))
            if (named, said["pointType"]) == (entity, point_type):
                yield topic.replace("/Metadata/", "/Value/")


def test_the_pod_itself_has_no_finding_of_heat_or_power(own: set[Named]) -> None:
    assert {code for code, _, _ in own} == {"balance.flow", "data.contract", "sensor.implausible"}
    assert [
        each for each in own if each[1].startswith("Pod1C") and each[0] != "data.contract"
    ] == []


@pytest.mark.parametrize("by", [0.7, 1.1, 1.3])
@pytest.mark.parametrize(
    ("entity", "point_type", "codes"),
    [
        ("Pod1C-E03", "RackPower", ["balance.heat", "balance.power"]),
        ("Pod1C-E05", "RackPower", ["balance.heat", "balance.power"]),
        ("Pod1C-E02", FLOW, ["balance.heat"]),
        ("Pod1C-E02", "RackLiquidSupplyTemperature", ["balance.heat"]),
        ("Pod1C-E02", "RackLiquidReturnTemperature", ["balance.heat"]),
        ("C-E05-TAP-E1", "ActivePower", ["balance.power"]),
        ("C-E05-TAP-E2", "ActivePower", ["balance.power"]),
        ("C-E-BUS-E1", "ActivePower", ["balance.power"]),
        ("C-E-BUS-E2", "ActivePower", ["balance.power"]),
    ],
)
def test_the_sensor_that_lies_is_named_and_nothing_else(
    pod: list[Envelope],
    own: set[Named],
    entity: str,
    point_type: str,
    codes: list[str],
    by: float,
) -> None:
    found = beyond(own, standing(pod, bent(pod, entity, point_type, by)))

    assert [brief(each) for each in found] == [(code, entity, point_type) for code in codes]


@pytest.mark.parametrize(("by", "suspect"), [(0.7, FLOW), (1.1, None), (1.3, FLOW)])
def test_a_flow_that_lies_by_a_third_is_named_and_by_a_tenth_at_least_noticed(
    pod: list[Envelope], own: set[Named], by: float, suspect: str | None
) -> None:
    (found,) = beyond(own, standing(pod, bent(pod, "Pod1C-E04", FLOW, by)))

    assert brief(found) == ("balance.heat", "Pod1C-E04", suspect)


@pytest.mark.parametrize("rack", ["Pod1C-E03", "Pod1C-E04"])
def test_a_flow_told_in_gallons_is_named_as_such(
    pod: list[Envelope], own: set[Named], rack: str
) -> None:
    (found,) = beyond(own, standing(pod, bent(pod, rack, FLOW, GPM)))

    assert brief(found) == ("balance.heat", rack, FLOW)
    assert "US gallons told as litres" in found.reason
    assert found.implied == pytest.approx(50.0, rel=0.05)


@pytest.mark.parametrize("meter", ["C-E-BUS-E1", "C-E05-TAP-E2"])
def test_a_meter_that_reads_nothing_is_found(
    pod: list[Envelope], own: set[Named], meter: str
) -> None:
    found = beyond(own, standing(pod, bent(pod, meter, "ActivePower", 0.0)))

    assert ("balance.power", meter, "ActivePower") in map(brief, found)
    assert {each.entity for each in found} == {meter}


@pytest.mark.parametrize(
    ("entity", "point_type"),
    [
        ("Pod1C-E03", "RackPower"),
        ("Pod1C-E02", FLOW),
        ("Pod1C-E02", "RackLiquidReturnTemperature"),
        ("C-E05-TAP-E1", "ActivePower"),
        ("C-E-BUS-E1", "ActivePower"),
    ],
)
def test_a_sensor_that_lies_for_twenty_seconds_is_no_finding(
    pod: list[Envelope], entity: str, point_type: str
) -> None:
    bend = bent(pod, entity, point_type, 1.3, until=100_000)
    begins = pod[0].received_at

    def shortly(envelope: Envelope, after: int) -> Envelope:
        return bend(envelope, after) if after > 80_000 else envelope

    intake = Intake(Fleet())
    ever = {
        each.finding.entity
        for envelope in pod
        for each in intake.take_all([shortly(envelope, envelope.received_at - begins)])
        if isinstance(each, FindingChanged) and each.finding.code.startswith("balance.")
    }

    assert ever == {"C-F00-CDU-05"}
