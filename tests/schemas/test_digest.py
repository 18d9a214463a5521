from pathlib import Path

import pytest

from build import (
    START,
    a_cooled_rack,
    a_fleet_showing,
    a_fleet_with,
    a_meter,
    a_point,
    a_reading,
    at,
    tell,
)
from schemas.digest import canonical, digest, state_digest, state_of
from schemas.views import rack_view
from streams import fold, recording
from twin.fleet import Fleet
from twin.points import EntityId


def a_fleet() -> Fleet:
    return a_fleet_showing(a_cooled_rack() | a_meter("TAP", "R1"))


def test_digest_names_its_kind() -> None:
    kind, _, number = digest(a_fleet()).partition(":")
    assert (kind, len(number)) == ("sha256", 64)


def test_empty_fleet_has_a_digest_that_lasts() -> None:
    # a canary: another number here breaks every digest that users keep
    assert canonical({"racks": {}, "equipment": {}, "faults": []}) == (
        b'{"equipment":{},"faults":[],"racks":{}}'
    )


def test_ages_and_times_of_arrival_do_not_count() -> None:
    one, two = Fleet(), Fleet()
    for fleet, delay in ((one, 0), (two, 3)):
        tell(fleet, at(delay), a_point(), a_reading(a_point(), 5.0, START))
        fleet.advance(at(10 + delay))
    assert digest(one) == digest(two)


def test_doubled_messages_do_not_count() -> None:
    once, twice = a_fleet(), a_fleet()
    tell(twice, START, a_reading(a_point(), 100.0), a_point())
    assert digest(once) == digest(twice)


@pytest.mark.parametrize("kind", ["Rack/RackPower", "PowerMeter/ActivePower"])
def test_every_value_counts(kind: str) -> None:
    one, two = a_fleet(), a_fleet()
    entity = "R1" if kind.startswith("Rack") else "TAP"
    tell(two, at(1), a_reading(a_point(kind, entity), 3.0, at(1)))
    assert digest(one) != digest(two)


def test_silence_counts() -> None:
    one, two = a_fleet(), a_fleet()
    two.advance(at(1000))
    assert digest(one) != digest(two)


def test_faults_count_in_their_order() -> None:
    leaks = [a_point("Rack/RackLeakDetect", rack) for rack in ("R1", "R2")]
    sound, one, two, other = (a_fleet_with(*leaks) for _ in range(4))
    for fleet, order in ((one, (0, 1)), (two, (0, 1)), (other, (1, 0))):
        for seconds, leak in enumerate(order):
            tell(fleet, at(seconds), a_reading(leaks[leak], 1.0, at(0)))
    assert [each.key.entity for each in other.faults.occurrences()] == ["R2", "R1"]
    assert digest(sound) != digest(one) == digest(two) != digest(other)


def test_racks_are_told_as_bad_as_what_is_raised_on_them() -> None:
    leak = a_point("Rack/RackLeakDetect")
    raised, over = a_fleet_with(leak), a_fleet_with(leak)
    tell(raised, at(0), a_reading(leak, 1.0, at(0)))
    for fleet in (raised, over):
        tell(fleet, at(1), a_reading(leak, 0.0, at(1)))
    told = [state_of(each, at(1))["R1"] for each in (raised, over)]
    assert [(each["severity"], len(each["faults"])) for each in told] == [
        ("CRITICAL", 1),
        ("OK", 0),
    ]


def test_state_is_every_rack_by_id() -> None:
    state = state_of(a_fleet(), at(1))
    assert list(state) == ["R1"]


def test_canonical_text_has_sorted_keys_no_spaces_and_short_floats() -> None:
    assert (
        canonical({"b": (0.1, "é"), "a": None, "age_s": 5}) == '{"a":null,"b":[0.1,"é"]}'.encode()
    )


def test_real_recording_has_one_digest_with_every_message_doubled(dsx: Path) -> None:
    sent = recording(dsx)
    once, _ = fold(sent)
    twice, _ = fold([each for each in sent for _ in range(2)])
    assert digest(once) == digest(twice)


def test_real_rack_is_as_its_operators_saw_it(dsx: Path) -> None:
    fleet, _ = fold(recording(dsx))
    found = fleet.rack(EntityId("Pod1C-E05"))
    assert found is not None
    rack = rack_view(found, fleet.now).model_dump(mode="json")
    assert rack["power"]["load_kw"]["value"] == pytest.approx(47.83, abs=0.005)
    assert [feed["meter"] for feed in rack["power"]["feeds"]] == ["C-E05-TAP-E1", "C-E05-TAP-E2"]
    assert rack["thermal"]["supply_c"]["value"] == pytest.approx(32.68, abs=0.005)
    assert rack["leak"]["detected"]["text"] is not None
    assert rack["upstream"]["liquid"] == ["C-F00-CDU-05"]


POWER = a_point("Rack/RackPower", "R1")
LEAK = a_point("Rack/RackLeakDetect", "R1")


def test_the_digest_of_the_state_leaves_the_faults_out() -> None:
    calm, leaky = (a_fleet_showing({POWER: 1.0, LEAK: 0.0}) for _ in range(2))
    tell(leaky, at(1), a_reading(LEAK, 1.0, at(1)))
    for fleet in (calm, leaky):
        tell(fleet, at(2), a_reading(LEAK, 0.0, at(2)), a_reading(POWER, 2.0, at(2)))

    assert digest(calm) != digest(leaky)
    assert state_digest(calm) == state_digest(leaky)
