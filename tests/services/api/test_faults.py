from typing import Any

import pytest

from build import a_point, a_reading
from live import Live, a_client, a_live_fleet, an_app


async def get(live: Live, path: str) -> Any:  # noqa: ANN401  # JSON
    async with a_client(an_app(live)) as client:
        response = await client.get(path)
    assert response.status_code == 200, response.text
    return response.json()


def in_trouble() -> Live:
    """Three racks: a doubtful sensor, then two leaks a second apart, one with a note."""
    live = a_live_fleet()
    live.tell(
        a_point("Rack/RackPower", "R3"), a_reading(a_point(entity="R3"), 1.0, live.now, quality=0)
    )
    live.live_on(60)
    for rack in ("R2", "R1"):
        live.wait(1)
        live.leak(rack)
    (fault,) = live.fleet.faults.of(live.fleet.faults.standing()[1].key.entity)
    live.emit(live.fleet.faults.ack(fault.id, "ann", live.now))
    return live


async def entities(live: Live, query: str = "") -> list[str]:
    return [each["entity"] for each in (await get(live, f"faults?{query}"))["items"]]


async def test_most_urgent_comes_first_and_the_oldest_of_those() -> None:
    assert await entities(in_trouble()) == ["R2", "R1", "R3"]


async def test_faults_can_be_had_by_age() -> None:
    live = in_trouble()
    assert await entities(live, "sort=raised_at") == ["R3", "R2", "R1"]
    assert await entities(live, "sort=-raised_at") == ["R1", "R2", "R3"]


async def test_list_goes_on_where_the_page_before_ended() -> None:
    live = in_trouble()
    first = await get(live, "faults?limit=2")
    assert await entities(live, f"limit=2&cursor={first['next_cursor']}") == ["R3"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("entity=R1", ["R1"]),
        ("code=leak.detected", ["R2", "R1"]),
        ("severity_min=CRITICAL", ["R2", "R1"]),
        ("state=ACKED", ["R1"]),
        ("state=NORM", []),
        ("priority=3", ["R3"]),
        ("condition=ACTIVE", ["R2", "R1", "R3"]),
        ("condition=CLEARING", []),
        ("annunciated=true&code=leak.detected", ["R2", "R1"]),
        ("annunciated=false", []),
        ("suppressed=true", []),
        ("suppressed=false", ["R2", "R1", "R3"]),
        ("since=2026-01-01T00:01:02Z", ["R2", "R1"]),
    ],
)
async def test_filters_pick_faults(query: str, expected: list[str]) -> None:
    assert await entities(in_trouble(), query) == expected


async def test_what_is_over_and_noted_is_shown_to_whoever_asks_since_when() -> None:
    live = a_live_fleet()
    live.leak("R1")
    live.recover("R1")
    assert await entities(live) == []
    assert await entities(live, "since=2026-01-01T00:00:00Z") == ["R1"]
    assert await entities(live, "state=NORM") == ["R1"]


async def test_one_fault_is_told_whole() -> None:
    live = a_live_fleet()
    live.leak("R1")
    (short,) = (await get(live, "faults"))["items"]
    fault = await get(live, f"faults/{short['id']}")
    assert fault == short
    assert (fault["code"], fault["state"], fault["condition"]) == (
        "leak.detected",
        "UNACK",
        "ACTIVE",
    )
    assert (fault["entity_type"], fault["view"]) == ("Rack", "/api/v1/racks/R1")
    assert fault["raised_at"] == "2026-01-01T00:00:01.000Z"


async def test_fault_that_nobody_knows_is_not_found() -> None:
    async with a_client(an_app(a_live_fleet())) as client:
        response = await client.get("faults/f00")
    assert (response.status_code, response.json()["detail"]) == (404, "there is no fault 'f00'")


async def test_list_is_as_it_was_until_something_happens() -> None:
    live = a_live_fleet()
    live.leak("R1")
    async with a_client(an_app(live)) as client:
        tag = (await client.get("faults")).headers["etag"]
        same = await client.get("faults", headers={"if-none-match": tag})
        (fault,) = live.fleet.faults.standing()
        live.emit(live.fleet.faults.ack(fault.id, "ann", live.now))
        other = await client.get("faults", headers={"if-none-match": tag})
    assert (same.status_code, other.status_code) == (304, 200)


async def test_rack_has_its_faults_and_is_as_bad_as_they_are() -> None:
    live = in_trouble()
    (fault,) = live.fleet.faults.of(live.fleet.faults.standing()[0].key.entity)
    rack = await get(live, "racks/R2")
    assert (rack["severity"], rack["faults"]) == ("CRITICAL", [fault.id])
    assert [each["id"] for each in (await get(live, "racks/R2/faults"))["items"]] == [fault.id]
    assert (await get(live, "racks/R3"))["severity"] == "WARNING"
    first = await get(live, "racks/R2/faults?limit=1")
    assert first["next_cursor"] is None


async def test_fleet_counts_its_faults_by_severity() -> None:
    fleet = await get(in_trouble(), "fleet")
    assert fleet["faults"] == {"WARNING": 1, "CRITICAL": 2}
    assert fleet["racks_by_severity"] == {"OK": 0, "WARNING": 1, "CRITICAL": 2}


async def test_statistics_tell_how_operators_are_called() -> None:
    told = await get(in_trouble(), "faults/statistics")
    assert (told["calls"], told["last_10_min"], told["flood"]) == (3, 3, False)
    assert told["by_priority"] == {"1": 2, "2": 0, "3": 1, "4": 0}
    assert told["standing"] == {"WARNING": 1, "CRITICAL": 2}


async def test_rules_have_their_limits_and_sources() -> None:
    told = await get(a_live_fleet(), "faults/rules")
    rows = {each["code"]: each for each in told["items"]}
    assert rows["leak.detected"]["latch"] is True
    assert all(row["source"] and row["guidance"] for row in rows.values())
    assert any(row["limits"] for row in rows.values())


async def test_metrics_count_faults() -> None:
    live = in_trouble()
    async with a_client(an_app(live)) as client:
        lines = (await client.get("http://twin/metrics")).text.splitlines()
    assert 'racktwin_faults{severity="CRITICAL"} 2.0' in lines
    assert 'racktwin_fault_active{code="leak.detected"} 2.0' in lines
    assert 'racktwin_faults_masked{mask="suppressed"} 0.0' in lines
    assert "racktwin_annunciations_total 3.0" in lines
