from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
import yaml

from build import START, at
from schemas import bms
from schemas.drift import Drift
from schemas.envelope import Envelope
from services.intake import Intake
from services.simulate.plant import Plant
from services.simulate.scenarios import stage
from twin.fleet import Fleet
from twin.instants import Instant
from twin.points import EntityId, Freshness, Reading
from twin.racks import Rack
from twin.redundancy import Redundancy
from twin.topology import Domain

Document = Mapping[str, Any]


@pytest.fixture(scope="module")
def contract(dsx: Path) -> Document:
    loaded: Document = yaml.load((dsx / "bms.yaml").read_text(), yaml.CSafeLoader)
    return loaded


@pytest.fixture(scope="module")
def ten_minutes() -> list[Envelope]:
    return list(Plant(3, seed=1).recording(START, at(600)))


def folded(plant: Plant, seconds: float) -> Intake:
    intake = Intake(Fleet())
    intake.take_all(plant.recording(START, at(seconds)))
    intake.fleet.advance(at(seconds))
    return intake


def racks_of(intake: Intake) -> list[Rack]:
    found = [intake.fleet.rack(entity.id) for entity in intake.fleet.racks()]
    return [rack for rack in found if rack is not None]


# -- the contract --------------------------------------------------------------------------------


def test_every_value_is_one_of_the_contract(
    contract: Document, ten_minutes: list[Envelope]
) -> None:
    schema = contract["components"]["messages"]["ValueMessage"]["payload"]
    validator = jsonschema.Draft202012Validator(schema)
    payloads = [msgspec.json.decode(e.payload) for e in ten_minutes if "/Value/" in e.topic]
    assert len(payloads) > 10_000
    assert all(map(validator.is_valid, payloads))
    assert all(payload["quality"] == 1 for payload in payloads)


def test_every_metadata_is_one_of_the_contract(
    contract: Document, ten_minutes: list[Envelope]
) -> None:
    said = {(e.topic, e.payload) for e in ten_minutes if "/Metadata/" in e.topic}
    assert said == set(Plant(3, seed=1).metadata())
    for topic, payload in said:
        validator_of(contract, topic).validate(msgspec.json.decode(payload))


def validator_of(contract: Document, topic: str) -> jsonschema.Draft202012Validator:
    object_type, point_type = topic.split("/")[4:6]
    address = f"BMS/v1/PUB/Metadata/{object_type}/{{pointType}}/{{tagPath}}"
    channel = next(c for c in contract["channels"].values() if c["address"] == address)
    message = channel["messages"][point_type[0].lower() + point_type[1:]]["$ref"].split("/")[-1]
    payload = contract["components"]["messages"][message]["payload"]
    return jsonschema.Draft202012Validator({**payload, "components": contract["components"]})


def test_metadata_is_retained_and_values_are_not(ten_minutes: list[Envelope]) -> None:
    assert all(message.retain is ("/Metadata/" in message.topic) for message in ten_minutes)


def test_nothing_drifts_from_the_contract(ten_minutes: list[Envelope]) -> None:
    drift: Counter[Drift] = Counter()
    for message in ten_minutes:
        bms.decode(message.topic, message.payload, drift)
    assert not drift


def test_topics_are_safe_on_nats(ten_minutes: list[Envelope]) -> None:
    assert not any(set(message.topic) & set(" .*>+#") for message in ten_minutes)


def test_integration_speaks_for_itself(ten_minutes: list[Envelope]) -> None:
    own = {message.topic.split("/")[5] for message in ten_minutes if "/NICO/Value" in message.topic}
    assert own == {
        "RackLeakDetectTray",
        "RackLiquidIsolationRequest",
        "RackElectricalIsolationRequest",
        "HeartbeatTimestampIntegration",
    }


# -- cadence -------------------------------------------------------------------------------------


def test_messages_come_in_order_of_time_stamped_as_they_are_said() -> None:
    messages = list(Plant(3, seed=1).messages(START, at(120)))
    assert all(one.received_at <= other.received_at for one, other in pairwise(messages))
    readings = [bms.decode(m.topic, m.payload, Counter()) for m in messages if not m.retain]
    said_at = [reading.measured_at for reading in readings if isinstance(reading, Reading)]
    assert said_at == [message.received_at for message in messages if not message.retain]


def test_a_rack_says_seven_to_eight_messages_a_second() -> None:
    plant = Plant(16, seed=1)
    said = sum(1 for _ in plant.messages(START, at(900)))
    assert 7 < said / 900 / 16 < 8.3


def test_point_types_speak_as_often_as_in_the_field() -> None:
    messages = Plant(16, seed=1).messages(START, at(600))
    said = Counter(message.topic.split("/")[5] for message in messages if not message.retain)
    rates = {point_type: count / 600 / 16 for point_type, count in said.items()}
    assert rates["RackLiquidFlow"] == pytest.approx(0.9, abs=0.15)
    assert rates["RackLiquidDifferentialPressure"] == pytest.approx(0.5, abs=0.1)
    assert rates["RackLiquidReturnTemperature"] == pytest.approx(0.35, abs=0.1)
    assert rates["RackPower"] == pytest.approx(0.25, abs=0.1)
    assert rates["RackLeakDetect"] == 0.01


def test_everything_is_said_again_within_a_hundred_seconds() -> None:
    plant = Plant(3, seed=1)
    heard: dict[str, Instant] = dict.fromkeys(
        (m.topic for m in plant.recording(START, at(0))), at(0)
    )
    for message in plant.messages(START, at(400)):
        assert message.received_at - heard[message.topic] <= 101_000
        heard[message.topic] = message.received_at
    assert min(heard.values()) >= at(299)


def test_no_second_is_a_burst() -> None:
    messages = Plant(16, seed=1).messages(START, at(300))
    in_seconds = Counter((m.received_at - START) // 1000 for m in messages)
    assert max(in_seconds.values()) < 2 * sum(in_seconds.values()) / 300


def test_heartbeats_tell_their_own_instant_every_ten_seconds() -> None:
    for publisher in ("PUB", "NICO"):
        messages = Plant(1, seed=1).messages(START, at(60))
        beats = [m for m in messages if f"/{publisher}/Value/System/Heartbeat" in m.topic]
        assert [m.received_at for m in beats if not m.received_at % 10_000] == [
            at(second) for second in range(0, 60, 10)
        ]
        for beat in beats:
            assert msgspec.json.decode(beat.payload)["value"] == beat.received_at // 10_000 * 10_000


def test_unchanged_values_are_not_repeated_before_their_turn() -> None:
    said: dict[str, list[tuple[Instant, float]]] = {}
    for message in Plant(2, seed=1).messages(START, at(300)):
        if not message.retain:
            value = msgspec.json.decode(message.payload)["value"]
            said.setdefault(message.topic, []).append((message.received_at, value))
    repeats = sum(1 for each in said.values() for a, b in pairwise(each) if a[1] == b[1])
    assert repeats <= 3 * len(said)


# -- a function of racks, seed, script and instant -----------------------------------------------


def test_same_seed_says_the_same_bytes() -> None:
    one, other = (list(Plant(5, seed=3).messages(START, at(90))) for _ in range(2))
    assert one == other


def test_other_seed_says_something_else() -> None:
    one, other = (list(Plant(2, seed=seed).messages(START, at(20))) for seed in (1, 2))
    assert one != other


@pytest.mark.parametrize("cuts", [(0, 45), (0, 0.001, 7.777, 63.999, 64, 100), (30, 30.25, 30.5)])
def test_span_says_the_same_however_it_is_cut(cuts: tuple[float, ...]) -> None:
    bounds = [*map(at, cuts), at(130)]
    whole = list(Plant(3, seed=1).messages(bounds[0], bounds[-1]))
    plant = Plant(3, seed=1)
    assert [m for a, b in pairwise(bounds) for m in plant.messages(a, b)] == whole


def test_what_was_asked_before_does_not_matter() -> None:
    plant = Plant(3, seed=1)
    later = list(plant.messages(at(5000), at(5010)))
    list(plant.messages(at(10), at(20)))
    assert list(plant.messages(at(5000), at(5010))) == later


def test_values_are_what_was_said_last() -> None:
    plant = Plant(3, seed=1)
    said: dict[str, float] = {}
    for message in plant.messages(START, at(150.4)):
        if not message.retain:
            said[message.topic] = msgspec.json.decode(message.payload)["value"]
    present = {m.topic: msgspec.json.decode(m.payload) for m in plant.values(at(150.4))}
    assert {topic: payload["value"] for topic, payload in present.items()} == said
    assert all(at(149.4) <= payload["timestamp"] < at(150.4) for payload in present.values())


# -- what the twin makes of it -------------------------------------------------------------------


def test_twin_takes_in_everything(ten_minutes: list[Envelope]) -> None:
    intake = Intake(Fleet())
    intake.take_all(ten_minutes)
    counters = intake.fleet.counters
    assert counters.applied == intake.received == len(ten_minutes)
    assert not intake.rejected
    assert not intake.drift
    assert (counters.late, counters.unmatched, counters.ahead, counters.duplicate) == (0, 0, 0, 0)
    assert counters.wrong_publisher == 0


def test_whole_fleet_is_live_from_the_first_instant() -> None:
    intake = folded(Plant(20, seed=1), 1)
    assert intake.fleet.counts.live == len(intake.fleet)
    assert {rack.freshness for rack in racks_of(intake)} == {Freshness.LIVE}
    assert [p.freshness for p in intake.fleet.publishers()] == [Freshness.LIVE] * 2


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_power_and_heat_close_at_every_rack(seed: int) -> None:
    plant, intake = Plant(20, seed=seed), Intake(Fleet())
    intake.take_all(plant.recording(START, at(0)))
    for second in range(0, 600, 30):
        intake.take_all(plant.messages(at(second), at(second + 30)))
        for rack in racks_of(intake):
            assert rack.power.redundancy is Redundancy.TWO_N
            assert rack.power.balance.residual_pct == pytest.approx(0, abs=0.5)
            assert rack.thermal.heat_ratio.value == pytest.approx(0.97, abs=0.04)
            assert rack.thermal.flow_per_kw.value == pytest.approx(1.5, abs=0.1)


def test_busways_close_with_the_taps_they_serve() -> None:
    fleet = folded(Plant(20, seed=1), 30).fleet
    served = fleet.topology.serves(Domain.POWER)
    for busway in ("Hall1-R01-BUS-A", "Hall1-R01-BUS-B", "Hall1-R02-BUS-A", "Hall1-R02-BUS-B"):
        taps = [active_kw(fleet, tap) for tap in served[EntityId(busway)]]
        assert sum(taps) == pytest.approx(active_kw(fleet, EntityId(busway)), rel=0.005)


def active_kw(fleet: Fleet, meter: EntityId) -> float:
    entity = fleet.entity(meter)
    assert entity is not None
    return entity.measure("ActivePower", "kW").value or 0.0


def test_every_rack_hangs_on_its_taps_its_busways_and_its_cdu() -> None:
    fleet = folded(Plant(20, seed=1), 1).fleet
    last = fleet.rack(EntityId("Hall1-R02-K04"))
    assert last is not None
    assert last.upstream[Domain.LIQUID] == ["Hall1-R02-CDU"]
    assert last.upstream[Domain.POWER] == [
        "Hall1-R02-K04-TAP-A",
        "Hall1-R02-K04-TAP-B",
        "Hall1-R02-BUS-A",
        "Hall1-R02-BUS-B",
    ]


# -- scenarios -----------------------------------------------------------------------------------


def staged(name: str, racks: int = 3) -> Plant:
    return Plant(racks, 1, stage(name, racks, START))


def test_leak_shows_at_the_tray_and_then_at_the_rack() -> None:
    plant = staged("leak")
    leaks = [
        [(rack.leak.tray.value, rack.leak.detected.value) for rack in racks_of(folded(plant, t))]
        for t in (19, 22, 32)
    ]
    assert [each[0] for each in leaks] == [(0, 0), (1, 0), (1, 1)]
    assert all(each[1:] == [(0, 0)] * 2 for each in leaks)


def test_silent_bms_takes_its_values_along_and_leaves_the_integration() -> None:
    said = list(staged("heartbeat").messages(START, at(300)))
    silence = [m for m in said if at(60) <= m.received_at < at(180)]
    assert silence
    assert all(m.topic.startswith("BMS/v1/NICO/") for m in silence)
    assert any(m.topic.startswith("BMS/v1/PUB/") for m in said if m.received_at >= at(180))
    publishers = {p.id: p.freshness for p in folded(staged("heartbeat"), 100).fleet.publishers()}
    assert publishers == {"PUB": Freshness.STALE, "NICO": Freshness.LIVE}


def test_values_of_the_silent_are_not_said_again() -> None:
    assert all("/NICO/" in message.topic for message in staged("heartbeat").values(at(90)))


def test_lost_flow_heats_the_coolant_until_racks_throttle() -> None:
    plant = staged("flow_loss", 18)
    before, soon, later = (racks_of(folded(plant, t)) for t in (59, 72, 120))
    for rack in range(16):
        flow = [each[rack].thermal.flow.value or 0 for each in (before, soon, later)]
        assert max(flow[1:]) < 0.12 * flow[0]
        back = [each[rack].thermal.return_.value or 0 for each in (before, soon, later)]
        assert back[0] + 5 < back[1] < back[2]
        assert back[2] > 65
        power = [each[rack].power.load.value or 0 for each in (before, later)]
        assert power[1] < 60 < power[0]
    assert later[17].thermal.return_.value == pytest.approx(before[17].thermal.return_.value, abs=1)
