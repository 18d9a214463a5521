import gzip
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from history_rows import T0, a_point, a_row
from influx_lines import parse
from schemas.lines import LATEST, Lines
from services.history.block import Row, block_of
from services.history.posting import REQUEST, Posting
from services.history.store import NotNowError
from services.history.verdicts import LinesError
from twin.instants import Instant
from twin.points import PointId

POINTS = [replace(a_point(name), point_type=f"Kind{name}") for name in "abc"]


class Server:
    """Takes no line that is measured before ``keeps_from`` or has a field of ``odd``.

    As the real one it keeps the others of a request, and tells of one cause alone.
    """

    def __init__(self, *, keeps_from: int = 0, odd: str = "") -> None:
        self.keeps_from = keeps_from
        self.odd = odd
        self.kept: set[int] = set()
        self.requests = 0

    async def post(self, body: bytes) -> None:
        self.requests += 1
        lines = [parse(line) for line in gzip.decompress(body).decode().split("\n")]
        old = {line.timestamp for line in lines if line.timestamp < self.keeps_from}
        odd = {line.timestamp for line in lines if self.odd in line.fields} - old
        self.kept |= {line.timestamp for line in lines} - old - odd
        if odd:
            raise LinesError(f"field type conflict dropped={len(odd)}")
        if old:
            raise LinesError(f"points beyond retention policy dropped={len(old)}")


async def sent(rows: list[Row], server: Server) -> list[int]:
    posting = Posting(block_of(rows, 0), Lines())
    await posting.send(server.post)
    return sorted(refused.row for refused in posting.refused)


@given(
    st.lists(st.tuples(st.integers(0, 99), st.integers(0, 2)), min_size=1, max_size=60),
    st.integers(0, 100),
    st.sampled_from(["", "Kinda"]),
)
async def test_each_row_is_kept_or_named_whatever_the_causes(
    read: list[tuple[int, int]], old: int, odd: str
) -> None:
    rows = [a_row(POINTS[kind], 1.0, n * 100 + at) for n, (at, kind) in enumerate(read)]
    server = Server(keeps_from=T0 + old * 60, odd=odd)

    refused = await sent(rows, server)

    assert refused == [
        n
        for n, row in enumerate(rows)
        if row.measured_at < server.keeps_from or (odd and row.point is POINTS[0])
    ]
    assert server.kept == {row.measured_at for n, row in enumerate(rows) if n not in refused}
    assert server.requests <= 2 * len(rows)


async def test_a_block_that_is_refused_whole_is_one_request() -> None:
    server = Server(keeps_from=T0 + 10_000)

    assert len(await sent([a_row(POINTS[0], 1.0, n) for n in range(5_000)], server)) == 5_000
    assert server.requests == 1


async def test_each_request_has_as_many_lines_as_is_said() -> None:
    server = Server()

    assert await sent([a_row(POINTS[0], 1.0, n) for n in range(2 * REQUEST + 1)], server) == []
    assert (server.requests, len(server.kept)) == (3, 2 * REQUEST + 1)


async def test_what_cannot_be_written_is_not_sent() -> None:
    server = Server()
    taken = replace(a_point(), id=PointId("Rack/bad/x"), point_type="bad")
    rows = [a_row(taken, 1.0), Row(POINTS[0], 1.0, 1, Instant(LATEST + 1), T0)]

    assert await sent([*rows, a_row(POINTS[1], math.nan, 5)], server) == [0, 1]
    assert server.kept == {T0 + 5}


async def test_a_server_in_trouble_ends_it() -> None:
    async def post(_: bytes) -> None:
        raise NotNowError("not now")

    posting = Posting(block_of([a_row(POINTS[0], 1.0)], 0), Lines())
    with pytest.raises(NotNowError):
        await posting.send(post)


async def test_what_was_kept_before_the_server_was_in_trouble_is_not_sent_again() -> None:
    server, calls = Server(), 0

    async def post(body: bytes) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise NotNowError("not now")
        await server.post(body)

    rows = [a_row(POINTS[0], 1.0, n) for n in range(2 * REQUEST)]
    posting = Posting(block_of(rows, 0), Lines())
    with pytest.raises(NotNowError):
        await posting.send(post)
    await posting.send(post)

    assert (calls, server.requests, len(server.kept)) == (3, 2, 2 * REQUEST)
    assert posting.refused == []


async def test_each_row_keeps_its_own_document() -> None:
    server, bodies = Server(), list[str]()

    async def post(body: bytes) -> None:
        bodies.append(gzip.decompress(body).decode())
        await server.post(body)

    rows = [a_row(POINTS[0], 1.0, n) for n in range(REQUEST + 2)]
    rows[REQUEST + 1] = rows[REQUEST + 1]._replace(text="said")
    await Posting(block_of(rows, 0), Lines()).send(post)

    assert [body.count("document=") for body in bodies] == [0, 1]
    assert bodies[1].endswith(str(rows[-1].measured_at))
    assert 'document="said"' in bodies[1].splitlines()[1]
