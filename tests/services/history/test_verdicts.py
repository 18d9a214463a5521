import re
from collections.abc import Mapping

import aiohttp
import pytest

from history_rows import T0
from influx_server import BUCKET, DOCUMENTED, FAULTS, ORG, TOKEN, UNDOCUMENTED, influx_server
from services.clock import wall_clock
from services.history.influxql import KINDS
from services.history.store import NotNowError
from services.history.verdicts import LinesError, check


def verdict(status: int, said: str = "so", headers: Mapping[str, str] | None = None) -> NotNowError:
    with pytest.raises(NotNowError) as error:
        check(status, said, headers or {}, "http://store")
    return error.value


def test_only_no_content_is_a_yes() -> None:
    check(204, "", {}, "http://store")

    assert verdict(200).held
    assert str(verdict(200)) == "http://store: 200 so"


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_some_answers_are_about_the_moment(status: int) -> None:
    assert not verdict(status).held


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410])
def test_some_wait_until_somebody_mends_something(status: int) -> None:
    assert verdict(status).held


@pytest.mark.parametrize(
    ("status", "said", "dropped"),
    [
        (400, "unable to parse 'x': missing fields", 0),
        (400, "partial write of line protocol occurred", 0),
        (400, "failure writing points: partial write: conflict dropped=3", 3),
        (422, "failure writing points: partial write: conflict dropped=12", 12),
        (422, "unprocessable", 0),
        (413, "too large", 0),
    ],
)
def test_some_blame_lines(status: int, said: str, dropped: int) -> None:
    with pytest.raises(LinesError) as error:
        check(status, said, {}, "http://store")

    assert error.value.dropped == dropped
    assert "dropped" not in str(error.value)


@pytest.mark.parametrize(("text", "seconds"), [("7", 7.0), ("0", 0.0), ("", None), ("soon", None)])
def test_a_server_says_in_seconds_when_to_come_again(text: str, seconds: float | None) -> None:
    assert verdict(503, headers={"Retry-After": text}).after_s == seconds


def test_or_as_a_date() -> None:
    later = verdict(429, headers={"Retry-After": "Fri, 01 Jan 2100 00:00:00 GMT"}).after_s
    past = verdict(429, headers={"Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT"}).after_s

    assert later == pytest.approx((4_102_444_800_000 - wall_clock()) / 1000, abs=60)
    assert past == 0.0


@pytest.mark.real
async def test_the_server_of_the_tests_answers_as_is_documented() -> None:
    line, odd, old = f"Rack x=1 {T0}", f"Rack x=1i {T0}", f"Rack x=1 {T0 - 1}"
    right = {"org": ORG, "bucket": BUCKET, "precision": "ms"}
    met: dict[str, set[int]] = {path: set() for path in DOCUMENTED}
    async with influx_server() as server, aiohttp.ClientSession(server.url) as session:
        server.keeps_from = T0

        async def post(path: str, body: str, token: str = TOKEN, **other: str) -> None:
            where, headers = right | other, {"Authorization": f"Token {token}"}
            given = {"query": body} if path.endswith("query") else None
            data = None if given else body
            async with session.post(
                path, params=where, data=data, json=given, headers=headers
            ) as response:
                met[path].add(response.status)
                if response.status >= 400:
                    assert set(await response.json()) == {"code", "message"}

        for body in (line, odd, old, "Rack"):
            await post("/api/v2/write", body)
        question = f'from(bucket: "{BUCKET}")\n    |> group()\n    |> yield(name: "x")'
        await post("/api/v2/query", question)
        await post("/api/v2/write", line, bucket="nothing")
        asked, token = right | {"db": BUCKET, "epoch": "ms"}, {"Authorization": f"Token {TOKEN}"}
        statement = {"q": KINDS}
        async with session.post("/query", params=asked, data=statement, headers=token) as response:
            met["/query"].add(response.status)
        for path in DOCUMENTED:
            await post(path, line, "wrong")
            await post(path, line, org="nobody")
            for fault in sorted(FAULTS):
                server.fault = fault
                await post(path, line)
            server.fault = None

    for path, statuses in met.items():
        assert statuses - DOCUMENTED[path] <= UNDOCUMENTED.keys(), path
    assert DOCUMENTED["/api/v2/write"] <= met["/api/v2/write"]
    assert DOCUMENTED["/api/v2/query"] - {400} <= met["/api/v2/query"]  # our Flux is never refused
    assert DOCUMENTED["/query"] <= met["/query"]
    assert all(re.match(r"(/api/v2)?/\w+$", path) for path in met)
