from pathlib import Path

import pytest

from build import START, a_cooled_rack, a_fleet_showing, a_meter, a_point, a_reading, at, tell
from schemas.digest import canonical, digest, state_of
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
    fleet = a_fleet()
    faults = [{"id": "a", "raised_at": "…"}, {"id": "b", "age_s": 1}]
    assert digest(fleet) != digest(fleet, faults) != digest(fleet, faults[::-1])
    assert digest(fleet, faults) == digest(fleet, [faults[0], {"id": "b", "age_s": 2}])


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
