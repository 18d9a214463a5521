import json
from typing import Any

import httpx
import pytest

from live import Live, a_client, a_live_fleet, an_app


def leaking() -> tuple[Live, str]:
    live = a_live_fleet()
    live.leak("R1")
    (fault,) = live.fleet.faults.standing()
    return live, fault.id


async def post(live: Live, path: str, body: Any = None) -> httpx.Response:  # noqa: ANN401  # JSON
    async with a_client(an_app(live)) as client:
        headers = {"content-type": "application/json"}
        content = "" if body is None else json.dumps(body)
        return await client.post(f"faults/{path}", content=content, headers=headers)


async def test_whoever_does_not_say_who_they_are_is_anonymous() -> None:
    live, fault = leaking()
    answer = await post(live, f"{fault}/ack")
    assert (answer.status_code, answer.json()["state"]) == (200, "ACKED")
    assert answer.json()["acknowledged_by"] == "anonymous"


async def test_leak_is_acknowledged_and_reset_when_it_is_over() -> None:
    live, fault = leaking()
    early = await post(live, f"{fault}/reset", {"by": "ann"})
    live.wait(1)
    live.leak("R1", 0.0)
    live.live_on(40)
    noted = await post(live, f"{fault}/ack", {"by": "ann"})
    done = await post(live, f"{fault}/reset", {"by": "ann"})
    late = await post(live, f"{fault}/ack", {"by": "ann"})
    assert (early.status_code, early.json()["detail"]) == (
        409,
        "the condition is ACTIVE, not NORMAL",
    )
    assert early.headers["content-type"] == "application/problem+json"
    assert early.json()["type"].endswith("not-possible")
    assert (noted.json()["state"], done.json()["state"]) == ("LTACK", "NORM")
    assert (late.status_code, late.json()["type"]) == (
        409,
        "urn:racktwin:problem:stale-occurrence",
    )


async def test_time_passes_before_something_is_done() -> None:
    live, fault = leaking()
    live.leak("R1", 0.0)
    live.now = type(live.now)(live.now + 25_000)
    assert (await post(live, f"{fault}/ack")).json()["state"] in {"ACKED", "LTACK"}
    assert live.fleet.now == live.now


async def test_shelf_is_for_an_hour_unless_something_else_is_said() -> None:
    live, fault = leaking()
    body = {"reason": "drained", "by": "ann"}
    ends = []
    for more in ({}, {"for": "30m"}, {"until": "2026-01-01T02:00:00Z"}):
        answer = await post(live, f"{fault}/shelve", body | more)
        assert answer.json()["state"] == "SHLVD", answer.text
        ends.append(answer.json()["shelved"]["until"])
    assert ends == [
        "2026-01-01T01:00:01.000Z",
        "2026-01-01T00:30:01.000Z",
        "2026-01-01T02:00:00.000Z",
    ]
    assert (await post(live, f"{fault}/unshelve")).json()["state"] == "UNACK"
    assert (await post(live, f"{fault}/unshelve")).status_code == 409


async def test_shelf_is_not_for_ever() -> None:
    live, fault = leaking()
    answer = await post(live, f"{fault}/shelve", {"reason": "drained", "for": "13h"})
    assert (answer.status_code, "12 hours" in answer.json()["detail"]) == (409, True)


async def test_fault_out_of_service_counts_for_nobody_s_health_until_it_is_back() -> None:
    live, fault = leaking()
    out = await post(live, f"{fault}/out-of-service", {"reason": "drained"})
    assert out.json()["state"] == "OOSRV"
    assert out.json()["out_of_service"]["until"] is None
    async with a_client(an_app(live)) as client:
        assert (await client.get("racks/R1")).json()["severity"] == "OK"
    assert (await post(live, f"{fault}/return")).json()["state"] == "UNACK"


async def test_comment_is_kept() -> None:
    live, fault = leaking()
    answer = await post(live, f"{fault}/comment", {"text": "called the plumber", "by": "ann"})
    assert answer.json()["comments"] == [
        {"by": "ann", "text": "called the plumber", "at": "2026-01-01T00:00:01.000Z"}
    ]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("shelve", {}),
        ("shelve", {"reason": ""}),
        ("shelve", {"reason": "x", "for": "soon"}),
        ("shelve", {"reason": "x", "for": 5}),
        ("shelve", {"reason": "x", "for": "1h", "until": "2026-01-01T00:30:00Z"}),
        ("shelve", {"reason": "x", "until": "1969-01-01T00:00:00Z"}),
        ("out-of-service", {}),
        ("comment", {"by": "ann"}),
        ("ack", {"by": ""}),
        ("ack", {"by": "\ud800"}),
        ("ack", {"whom": "ann"}),
        ("comment", {"text": "\ud800"}),
    ],
)
async def test_wrong_wish_is_refused(path: str, body: dict[str, object]) -> None:
    live, fault = leaking()
    answer = await post(live, f"{fault}/{path}", body)
    assert answer.status_code == 422, answer.text
    assert live.done == []


async def test_fault_that_nobody_knows_is_not_found() -> None:
    assert (await post(a_live_fleet(), "f00/ack")).status_code == 404


@pytest.mark.real
async def test_audit_tells_who_did_what() -> None:
    live, fault = leaking()
    await post(live, f"{fault}/ack", {"by": "ann"})
    await post(live, f"{fault}/comment", {"by": "bob", "text": "wet"})
    await post(live, f"{fault}/shelve", {"by": "ann", "reason": "known"})
    async with a_client(an_app(live)) as client:
        first = (await client.get("audit?limit=2")).json()
        rest = (await client.get(f"audit?limit=2&cursor={first['next_cursor']}")).json()
        ann = (await client.get("audit?by=ann&since=2026-01-01T00:00:00Z")).json()
    told = [(each["by"], each["what"], each["after"]) for each in first["items"] + rest["items"]]
    assert told == [
        ("ann", "ACKNOWLEDGED", "ACKED"),
        ("bob", "COMMENTED", "ACKED"),
        ("ann", "SHELVED", "SHLVD"),
    ]
    assert first["items"][0]["address"] == "127.0.0.1"
    assert [each["text"] for each in ann["items"]] == [None, "known"]
    assert rest["next_cursor"] is None


async def test_nothing_is_kept_where_nobody_may_do_anything() -> None:
    async with a_client(an_app(a_live_fleet(), desk=None)) as client:
        assert (await client.get("audit")).status_code == 503
        assert (await client.post("faults/f00/ack")).status_code == 503
