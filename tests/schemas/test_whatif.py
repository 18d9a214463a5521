import json

import pytest
from pydantic import ValidationError

from build import a_cooled_rack, a_fleet_showing, a_meter
from schemas.whatif import CaseView, case_of, outcome_json, outcome_view
from twin.affected import Case
from twin.points import EntityId
from twin.whatif import consequences


def test_an_empty_case_assumes_nothing() -> None:
    assert case_of(CaseView()) == Case()


def test_a_case_is_taken_as_it_is_written() -> None:
    text = """{"lose": ["A"], "supply_offset_k": 2, "supply_c": 30, "flow_factor": 0.5,
        "load_factor": 1.1, "load_factors": {"R1": 0}, "budget_kw": 100}"""

    assert case_of(CaseView.model_validate_json(text)) == Case(
        lose=frozenset({EntityId("A")}),
        supply_offset_k=2.0,
        supply_c=30.0,
        flow_factor=0.5,
        load_factor=1.1,
        load_factors={EntityId("R1"): 0.0},
        budget_kw=100.0,
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"lost": ["A"]},
        {"lose": "A"},
        {"lose": [""]},
        {"flow_factor": -1},
        {"load_factor": "2"},
        {"load_factors": {"R1": 11}},
        {"budget_kw": float("nan")},
        {"supply_c": 101},
    ],
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        CaseView.model_validate(wrong)


def test_an_outcome_is_shown_rack_by_rack_and_in_sum() -> None:
    fleet = a_fleet_showing(
        a_cooled_rack("R1")
        | a_cooled_rack("R2")
        | a_meter("A", "R1", kw=50)
        | a_meter("B", "R1", kw=50)
        | a_meter("BUS-B", "B", kw=130)
    )
    case = Case(lose=frozenset({EntityId("A")}), load_factor=1.2, budget_kw=200.0)

    found = consequences(fleet, case)
    shown = json.loads(outcome_view(found, fleet.now).model_dump_json())

    assert shown["fallen"] == {"power": ["A"], "liquid": [], "air": []}
    assert shown["over_budget_kw"]["value"] == pytest.approx(40)
    assert shown["redundancy_lost"] == ["R1"]
    one, two = shown["racks"]
    assert (one["id"], one["lost_feeds"], one["redundancy"]) == ("R1", ["A"], "N")
    assert one["feeds"][0]["loading_pct"]["value"] == pytest.approx(86.6, abs=0.1)
    assert {each["of"] for each in one["breaches"]} == {"feed_loading_pct"}
    assert one["return_c"]["value"] == pytest.approx(44, abs=0.05)
    assert (two["capacity_kw"]["value"], two["redundancy_before"]) == (None, "UNKNOWN")
    (bus,) = shown["meters"]
    assert (bus["meter"], bus["load_before_kw"]["value"]) == ("BUS-B", 130)
    assert bus["then"]["load_kw"]["value"] == pytest.approx(200)
    assert bus["pushed_over"]
    assert bus["breaches"][0]["severity"] == "CRITICAL"
    assert shown["shed"]["racks"] == ["R1"]
    assert shown["shed"]["suffices"]
    assert json.loads(b"".join(outcome_json(found, fleet.now))) == shown
