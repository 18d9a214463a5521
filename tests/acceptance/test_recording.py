"""The real pod, through the one path: what must come of it, and what must not matter."""

import json
import random
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from schemas.envelope import Envelope
from schemas.fleet_file import parse
from services.intake import Intake
from services.replay.files import read
from services.replay.outcome import fold, outcome
from twin.fleet import Fleet
from twin.instants import Instant, Millis
from twin.site import Site

Document = dict[str, Any]


@pytest.fixture(scope="module")
def envelopes(dsx: Path) -> list[Envelope]:
    return list(read(dsx / "dsx_exemplar.csv"))


@pytest.fixture(scope="module")
def told(envelopes: list[Envelope]) -> Document:
    return replayed(envelopes)


def replayed(envelopes: Iterable[Envelope], until: int | None = None) -> Document:
    intake = Intake(Fleet())
    span = fold(envelopes, intake, None if until is None else Millis(until))
    return outcome(intake, span)


def is_metadata(envelope: Envelope) -> bool:
    return "/Metadata/" in envelope.topic


def named(told: Document) -> list[tuple[str, str, str | None]]:
    """Its findings, without numbers and times."""
    return [(each["code"], each["entity"], each["suspect"]) for each in told["findings"]]


def delayed(envelope: Envelope, by: int) -> Envelope:
    return envelope._replace(received_at=Instant(envelope.received_at + by))


def in_time(envelopes: Iterable[Envelope]) -> list[Envelope]:
    return sorted(envelopes, key=lambda envelope: envelope.received_at)


def without_times(racks: Document) -> str:
    """Racks without what depends on when anyone listened or looked."""

    def kept(value: object) -> object:
        if isinstance(value, dict):
            left_out = {"age_s", "received_at"}
            return {key: kept(each) for key, each in value.items() if key not in left_out}
        return [kept(each) for each in value] if isinstance(value, list) else value

    return json.dumps(kept(racks), sort_keys=True)


def test_every_message_is_understood_and_applied(told: Document) -> None:
    counters = told["counters"]

    assert told["recording"]["messages"] == 4711
    assert told["recording"]["duration_s"] == 99.368
    assert counters["received"] == counters["applied"] == 4711
    assert counters["rejected"] == counters["drift"] == 0
    assert counters["late"] == counters["duplicate"] == counters["unmatched"] == 0


def test_the_pod_has_six_racks_and_166_points_of_which_21_never_speak(told: Document) -> None:
    assert sorted(told["racks"]) == [f"Pod1C-E0{number}" for number in range(1, 7)]
    assert told["fleet"]["racks"] == 6
    assert told["fleet"]["points"] == {
        "live": 145,
        "stale": 0,
        "unheard": 21,
        "bad": 0,
        "total": 166,
    }


def test_a_rack_shows_its_power_its_cooling_and_its_paths(told: Document) -> None:
    rack = told["racks"]["Pod1C-E05"]

    assert rack["power"]["load_kw"]["value"] == pytest.approx(47.8, abs=0.05)
    assert [feed["meter"] for feed in rack["power"]["feeds"]] == ["C-E05-TAP-E1", "C-E05-TAP-E2"]
    assert rack["thermal"]["supply_c"]["value"] == pytest.approx(32.7, abs=0.05)
    assert rack["thermal"]["return_c"]["value"] == pytest.approx(46.4, abs=0.05)
    assert rack["thermal"]["flow_lpm"]["value"] == pytest.approx(50.7, abs=0.05)
    assert rack["upstream"] == {
        "power": ["C-E05-TAP-E1", "C-E05-TAP-E2", "C-E-BUS-E1", "C-E-BUS-E2"],
        "liquid": ["C-F00-CDU-05"],
    }


def test_power_path_is_only_what_metadata_says(told: Document) -> None:
    upstream = told["racks"]["Pod1C-E02"]["upstream"]

    assert upstream == {"power": [], "liquid": ["C-F00-CDU-05"]}


def test_what_is_false_is_found_and_no_rack_is_accused(told: Document) -> None:
    assert [each for each in named(told) if each[0] != "data.contract"] == [
        ("balance.flow", "C-F00-CDU-05", "LiquidFlow"),
        ("sensor.implausible", "C-E-BUS-E1", "CurrentLimit"),
        ("sensor.implausible", "C-E-BUS-E2", "CurrentLimit"),
        ("sensor.implausible", "C-E05-TAP-E1", "Voltage"),
        ("sensor.implausible", "C-E05-TAP-E2", "PhaseCurrent"),
        ("sensor.implausible", "C-E05-TAP-E2", "Voltage"),
        ("sensor.implausible", "C-F00-CDU-05", "LiquidFlow"),
        ("sensor.implausible", "C-F00-CDU-05", "LiquidTemperature"),
    ]
    assert Counter(each[1] for each in named(told) if each[0] == "data.contract") == {
        "C-F00-CDU-05": 2,
        **dict.fromkeys(("C-E-BUS-E1", "C-E-BUS-E2"), 1),
        **dict.fromkeys([f"C-E0{number}-TAP-E2" for number in (2, 3, 4, 6)], 1),
    }
    since = {each["since"] for each in told["findings"]}
    assert "2026-01-01T00:00:00.000Z" < min(since) <= max(since) < "2026-01-01T00:00:15.000Z"


def test_every_rack_that_is_heard_closes_its_balances_and_the_unit_s_flow_is_open(
    told: Document,
) -> None:
    closures = {(each["entity"], each["code"]): each["closure"] for each in told["balances"]}

    assert list(closures) == sorted(closures)
    for number in (2, 3, 4, 5, 6):
        assert closures[f"Pod1C-E0{number}", "balance.heat"] == "CLOSED"
    assert closures["Pod1C-E01", "balance.heat"] == "UNKNOWN"
    assert closures["C-E05-TAP-E1", "balance.power"] == "CLOSED"
    assert closures["C-E-BUS-E1", "balance.power"] == "CLOSED"
    assert [key for key, closure in closures.items() if closure == "OPEN"] == [
        ("C-F00-CDU-05", "balance.flow")
    ]
    (flow,) = (each for each in told["balances"] if each["code"] == "balance.flow")
    assert (flow["shown"]["value"], flow["fresh"], flow["inputs"]) == (0.0, 6, 11)
    assert flow["finding"] == told["findings"][0]


def test_meters_and_racks_agree_to_a_hundredth_of_a_per_cent(told: Document) -> None:
    busways, taps = (each for each in told["balances"] if each["code"] == "balance.power")

    assert (busways["entity"], taps["entity"]) == ("C-E-BUS-E1", "C-E05-TAP-E1")
    assert "C-E-BUS-E2" in busways["others"]
    assert taps["others"] == ["C-E05-TAP-E2", "Pod1C-E05"]
    assert abs(busways["residual_pct"]) < 0.01
    assert abs(taps["residual_pct"]) < 0.01


def test_zero_volts_under_load_give_no_capacity(told: Document) -> None:
    capacity = told["racks"]["Pod1C-E05"]["power"]["capacity_kw"]

    assert (capacity["value"], capacity["quality"]) == (None, "BAD")


def test_the_same_messages_give_the_same_digest(envelopes: list[Envelope], told: Document) -> None:
    assert replayed(envelopes)["digest"] == told["digest"]


def test_every_message_doubled_gives_the_same_digest(
    envelopes: list[Envelope], told: Document
) -> None:
    doubled = replayed(each for envelope in envelopes for each in (envelope, envelope))

    assert doubled["digest"] == told["digest"]
    assert doubled["counters"]["duplicate"] == 4545


@pytest.mark.parametrize("seed", range(5))
def test_late_copies_change_no_rack(envelopes: list[Envelope], told: Document, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  # no secret
    copies = [delayed(envelope, chance.randint(1, 60_000)) for envelope in envelopes]

    late = replayed(in_time(envelopes + copies))

    assert late["state_digest"] == told["state_digest"]
    assert named(late) == named(told)
    assert without_times(late["racks"]) == without_times(told["racks"])
    assert late["counters"]["late"] > 3000


def test_metadata_that_comes_late_ends_in_the_same_state(
    envelopes: list[Envelope], told: Document
) -> None:
    late = replayed(
        in_time(delayed(each, 50_000) if is_metadata(each) else each for each in envelopes)
    )

    assert late["state_digest"] == told["state_digest"]
    assert late["racks"].keys() == told["racks"].keys()
    assert late["counters"]["unmatched"] > 2000
    assert late["counters"]["rejected"] == 0


def test_the_fields_drift_ends_in_the_same_state(envelopes: list[Envelope], told: Document) -> None:
    def drifted(envelope: Envelope) -> Envelope:
        said = json.loads(envelope.payload)
        if is_metadata(envelope):
            for new, old in (("rackName", "rackLocationName"), ("rackId", "rackLocationId")):
                if old in said:
                    said[new] = said.pop(old)
        else:
            said["quality"] = str(said["quality"])
        said["vendor"] = "extra"
        return envelope._replace(payload=json.dumps(said).encode())

    drift = replayed(map(drifted, envelopes))

    assert drift["digest"] == told["digest"]
    assert drift["counters"]["drift_by_kind"] == {
        "extra_key": 4711,
        "quality_string": 4545,
        "rack_name": 71,
    }


def test_a_federated_cluster_gives_the_same_racks(
    envelopes: list[Envelope], told: Document
) -> None:
    federated = replayed(each._replace(topic=f"cpc/x/{each.topic}") for each in envelopes)

    assert federated["state_digest"] == told["state_digest"]
    assert federated["racks"] == told["racks"]


def test_garbage_in_between_is_rejected_by_reason_and_changes_nothing(
    envelopes: list[Envelope], told: Document
) -> None:
    first = next(each for each in envelopes if not is_metadata(each))
    garbage = [
        Envelope("", b"", first.received_at),
        Envelope("BMS/v1/PUB/Value/Rack/Nonsense/x", b"{}", first.received_at),
        first._replace(payload=b"\xff\x00"),
        first._replace(payload=b'{"value":NaN,"timestamp":1,"quality":1}'),
        first._replace(payload=b'{"value":1}'),
        first._replace(payload=b"[" * 100_000),
    ]

    mixed = replayed(
        each for envelope in envelopes for each in (*garbage_at(garbage, envelope), envelope)
    )

    assert mixed["digest"] == told["digest"]
    assert mixed["counters"]["rejected"] == 4711 * len(garbage)
    assert set(mixed["counters"]["rejected_by_reason"]) >= {"topic", "type", "json"}


def garbage_at(garbage: list[Envelope], envelope: Envelope) -> list[Envelope]:
    return [each._replace(received_at=envelope.received_at) for each in garbage]


def test_messages_of_different_points_may_change_places(
    envelopes: list[Envelope], told: Document
) -> None:
    chance = random.Random(1)  # noqa: S311  # no secret
    swapped = envelopes[:]
    for index in range(200, len(swapped) - 1):
        one, two = swapped[index], swapped[index + 1]
        if chance.random() < 0.5 and one.topic != two.topic:
            swapped[index] = two._replace(received_at=one.received_at)
            swapped[index + 1] = one._replace(received_at=two.received_at)

    assert replayed(swapped)["state_digest"] == told["state_digest"]


def test_with_time_running_on_everything_that_was_heard_goes_stale(
    envelopes: list[Envelope],
) -> None:
    later = replayed(envelopes, until=600_000)

    assert later["time"] == "2026-01-01T00:10:00.000Z"
    assert later["fleet"]["points"]["stale"] == 145
    assert later["racks"]["Pod1C-E05"]["freshness"] == "STALE"
    assert later["racks"]["Pod1C-E05"]["power"]["load_kw"]["value"] == 47.83
    assert later["fleet"]["power_kw"]["fresh"] == 0


def test_what_is_written_of_the_site_counts_whenever_it_is_told(
    envelopes: list[Envelope], told: Document
) -> None:
    site = parse(
        "[defaults.rack]\nhall = 'North'\nrated_kw = 132\n[racks.Pod1C-E02]\n[racks.Pod1C-E05]\n"
        "[cdus.C-F00-CDU-05]\ncoolant = 'water'\n[meters.C-E05-TAP-E1]\nlimit_a = 100\n"
    )

    def with_site(before: Site, after: Site) -> Document:
        intake = Intake(Fleet())
        intake.fleet.configure(before)
        span = fold(envelopes, intake)
        intake.fleet.configure(after)
        return outcome(intake, span)

    early = with_site(site, site)
    rack = early["racks"]["Pod1C-E05"]
    assert early["state_digest"] == with_site(Site(), site)["state_digest"] != told["state_digest"]
    assert with_site(site, Site())["state_digest"] == told["state_digest"]
    assert (rack["hall"], rack["thermal"]["coolant"]) == ("North", "water")
    assert rack["power"]["capacity_from"] == "rating"
    assert rack["power"]["headroom_kw"]["value"] == pytest.approx(132 - 47.83)
    assert early["fleet"]["by_hall"]["North"]["racks"] == 2
