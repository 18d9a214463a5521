from typing import Any

import pytest

from live import Live, a_client, a_live_fleet, an_app


def leaking() -> tuple[Live, list[str]]:
    live = a_live_fleet()
    for rack in ("R1", "R2"):
        live.leak(rack)
    return live, [each.id for each in live.fleet.faults.standing()]


async def post(live: Live, path: str, body: Any) -> list[dict[str, Any]]:  # noqa: ANN401  # JSON
    async with a_client(an_app(live)) as client:
        answer = await client.post(f"faults/{path}", json=body)
    assert answer.status_code == 207, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def test_each_is_told_of_as_if_it_were_alone() -> None:
    live, (one, two) = leaking()
    await post(live, "ack", {"ids": [one]})
    found = await post(live, "ack", {"ids": [one, "f00", two], "by": "ann"})
    assert [each["status"] for each in found] == [409, 404, 200]
    assert [each["id"] for each in found] == [one, "f00", two]
    assert found[0]["problem"]["detail"] == "acknowledged by anonymous"
    assert "fault" not in found[1]
    assert found[2]["fault"]["acknowledged_by"] == "ann"
    assert "problem" not in found[2]


@pytest.mark.parametrize(
    ("path", "body", "state"),
    [
        ("ack", {}, "ACKED"),
        ("shelve", {"reason": "known", "for": "5m"}, "SHLVD"),
        ("out-of-service", {"reason": "known"}, "OOSRV"),
        ("comment", {"text": "wet"}, "UNACK"),
    ],
)
async def test_all_can_be_done_to_several(path: str, body: dict[str, str], state: str) -> None:
    live, ids = leaking()
    found = await post(live, path, {"ids": ids, **body})
    assert [each["fault"]["state"] for each in found] == [state, state]


@pytest.mark.parametrize(("first", "then"), [("shelve", "unshelve"), ("out-of-service", "return")])
async def test_what_is_kept_quiet_comes_back(first: str, then: str) -> None:
    live, ids = leaking()
    await post(live, first, {"ids": ids, "reason": "known"})
    found = await post(live, then, {"ids": ids})
    assert [each["fault"]["state"] for each in found] == ["UNACK", "UNACK"]


async def test_what_is_not_over_is_not_reset() -> None:
    live, ids = leaking()
    assert [each["status"] for each in await post(live, "reset", {"ids": ids})] == [409, 409]


async def test_several_are_at_least_one() -> None:
    async with a_client(an_app(a_live_fleet())) as client:
        assert (await client.post("faults/ack", json={"ids": []})).status_code == 422
