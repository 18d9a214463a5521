"""Posting: the lines of a block on their way, and which of them a server will never take."""

import gzip
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import pyarrow as pa

from schemas.lines import LATEST, Columns, Lines, writable
from services.history.block import Block
from services.history.store import Refused
from services.history.verdicts import LinesError

REQUEST: Final = 5_000
"""Lines in one request; the server's makers measured no more a second with more."""

_CHEAPEST: Final = 1  # of gzip's levels: half a microsecond a line

Post = Callable[[bytes], Awaitable[None]]
"""Sends a body; raises ``LinesError`` where lines in it are at fault."""


class Posting:
    """One block as lines, made ready once and then sent.

    To find ``n`` lines at fault takes about ``2 n`` times the logarithm of the lines in requests,
    and never more than two a line; what was kept meanwhile is written again, and changes nothing.
    """

    def __init__(self, block: Block, encoder: Lines) -> None:
        self._block = block
        columns = Columns(
            block.points,
            block.point,
            block.value,
            block.quality,
            block.measured_at,
            block.texts,
        )
        self._lines = encoder.of(columns)
        self.refused = _unwritable(block)
        """Those that were not or cannot be kept."""
        left_out = {refused.row for refused in self.refused}
        rows = [row for row in range(block.rows) if row not in left_out]
        requests = (rows[at : at + REQUEST] for at in range(0, len(rows), REQUEST))
        self._ready = [(request, self._body(request)) for request in requests]

    async def send(self, post: Post) -> None:
        """Send all of it; ``refused`` has what could not be kept."""
        for rows, body in self._ready:
            await self._send(rows, body, post)

    async def _send(self, rows: Sequence[int], body: bytes, post: Post) -> None:
        try:
            await post(body)
        except LinesError as error:
            why = str(error)
            if len(rows) == 1 or error.dropped >= len(rows):
                self.refused += [Refused(row, why) for row in rows]
                return
        else:
            return
        rows = sorted(rows, key=self._of_time if "retention" in why else self._of_field)
        middle = len(rows) // 2
        for half in (rows[:middle], rows[middle:]):
            await self._send(half, self._body(half), post)

    def _body(self, rows: Sequence[int]) -> bytes:
        lines = self._lines.take(pa.array(rows, pa.int64()))
        _, _, text = lines.buffers()
        assert text is not None
        return gzip.compress(memoryview(text)[:-1], _CHEAPEST)  # without the last line break

    # What is refused lies together in this order, so that few halves hold any of it.

    def _of_time(self, row: int) -> int:
        return int(self._block.measured_at[row])

    def _of_field(self, row: int) -> tuple[str, str]:
        point = self._block.points[self._block.point[row]]
        return point.object_type, point.point_type


def _unwritable(block: Block) -> list[Refused]:
    """The rows that need not be sent."""
    late = (block.measured_at > LATEST).nonzero()[0].tolist()
    refused = [Refused(row, "measured later than InfluxDB can tell") for row in late]
    for place, point in enumerate(block.points):
        if not writable(point):
            why = f"{point.point_type} is the name of a field of ours"
            rows = (block.point == place).nonzero()[0].tolist()
            refused += [Refused(row, why) for row in rows if row not in late]
    return refused
