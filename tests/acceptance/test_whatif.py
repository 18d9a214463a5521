"""What would become of the real pod."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from schemas.digest import digest
from schemas.whatif import CaseView, case_of, outcome_view
from services.cli.app import app_of
from streams import fold, recording
from twin.fleet import Fleet
from twin.whatif import consequences

COOLED = [f"Pod1C-E0{number}" for number in range(2, 7)]

Document = dict[str, Any]
Ask = Callable[..., Document]


@pytest.fixture(scope="module")
def pod(dsx: Path) -> Fleet:
    """The real recording at its end."""
    return fold(recording(dsx))[0]


@pytest.fixture(scope="module")
def ask(pod: Fleet) -> Ask:
    def answer(**case: object) -> Document:
        found = consequences(pod, case_of(CaseView.model_validate(case)))
        return outcome_view(found, pod.now).model_dump(mode="json")

    return answer


def test_without_the_unit_exactly_five_racks_are_without_cooling(ask: Ask) -> None:
    told = ask(lose=["C-F00-CDU-05"])

    assert told["without_cooling"] == COOLED == [rack["id"] for rack in told["racks"]]
    assert told["without_power"] == []
    assert told["fallen"]["power"] == []
    assert told["shed"]["racks"][-1] == "Pod1C-E05"  # the one whose feeds have room
    assert sorted(told["shed"]["racks"]) == COOLED
    assert told["shed"]["remaining_kw"]["value"] == pytest.approx(0.1, abs=0.01)
    assert all(35 < rack["ride_through_s"]["value"] < 60 for rack in told["racks"])
    assert {rack["return_c"]["value"] for rack in told["racks"]} == {None}


def test_five_more_racks_behind_the_unit_are_known_by_name_alone(ask: Ask) -> None:
    told = ask(lose=["C-F00-CDU-05"])

    named = [f"Pod1C-F0{number}" for number in range(2, 7)]
    assert told["unknown"] == named
    assert told["fallen"]["liquid"] == ["C-F00-CDU-05", *COOLED, *named]


def test_without_the_busway_one_rack_loses_a_feed_and_its_redundancy_but_not_power(
    ask: Ask,
) -> None:
    told = ask(lose=["C-E-BUS-E1"])

    taps = [f"C-E0{number}-TAP-E1" for number in range(1, 7)]
    assert told["fallen"] == {"power": ["C-E-BUS-E1", *taps], "liquid": [], "air": []}
    assert told["unknown"] == [each for each in taps if each != "C-E05-TAP-E1"]
    assert told["without_power"] == told["without_cooling"] == told["over_limits"] == []
    assert told["redundancy_lost"] == ["Pod1C-E05"]
    (rack,) = told["racks"]
    assert (rack["id"], rack["lost_feeds"]) == ("Pod1C-E05", ["C-E05-TAP-E1"])
    assert (rack["redundancy_before"], rack["redundancy"]) == ("2N", "N")
    (left,) = rack["feeds"]
    assert left["meter"] == "C-E05-TAP-E2"
    assert left["load_kw"]["value"] == pytest.approx(47.83, abs=0.01)
    assert left["loading_pct"]["value"] == pytest.approx(83.96, abs=0.01)
    assert left["over_limit"] is False
    assert rack["headroom_kw"]["value"] == pytest.approx(9.14, abs=0.01)
    assert told["shed"]["racks"] == []


def test_the_other_busway_would_carry_what_the_lost_one_did_for_that_rack(ask: Ask) -> None:
    (bus,) = ask(lose=["C-E-BUS-E1"])["meters"]

    assert bus["meter"] == "C-E-BUS-E2"
    shifted = bus["then"]["load_kw"]["value"] - bus["load_before_kw"]["value"]
    assert shifted == pytest.approx(28.73, abs=0.01)
    assert bus["pushed_over"] is False  # it is beyond its limit of 100 A as it is


def test_half_as_much_load_again_is_too_warm_for_three_racks(ask: Ask) -> None:
    told = ask(load_factor=1.5)

    assert told["load_kw"]["value"] == pytest.approx(1.5 * told["load_before_kw"]["value"])
    assert told["over_limits"] == ["Pod1C-E03", "Pod1C-E04", "Pod1C-E05"]
    assert sorted(told["shed"]["racks"]) == told["over_limits"]


def test_two_racks_are_enough_to_come_below_150_kw(ask: Ask) -> None:
    told = ask(budget_kw=150)

    assert told["over_budget_kw"]["value"] == pytest.approx(64.08, abs=0.01)
    assert told["shed"]["racks"] == ["Pod1C-E05", "Pod1C-E04"]
    assert told["shed"]["remaining_kw"]["value"] < 150
    assert told["shed"]["suffices"] is True


def test_the_fleet_is_afterwards_as_it_was(pod: Fleet, ask: Ask) -> None:
    before = digest(pod)

    ask(lose=["C-F00-CDU-05", "C-E-BUS-E1", "Pod1C-E02"], supply_c=45, load_factor=2, budget_kw=1)

    assert digest(pod) == before


def test_the_command_says_the_same(dsx: Path, ask: Ask) -> None:
    arguments = ["whatif", str(dsx / "dsx_exemplar.csv"), "--lose", "C-F00-CDU-05", "--json"]

    told = json.loads(CliRunner().invoke(app_of(()), arguments).stdout)

    assert told["without_cooling"] == ask(lose=["C-F00-CDU-05"])["without_cooling"]
