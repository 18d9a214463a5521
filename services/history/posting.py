"""Posting: the lines of a block on their way, and which of them a server will never take."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import numpy as np
from isal import igzip
from numpy.typing import NDArray

from schemas.history import HistoryError
from schemas.lines import LATEST, Columns, Lines, writable
from services.history.block import Block
from services.history.store import Refused
from services.history.verdicts import LinesError

REQUEST: Final = 5_000
"""Lines in one request; the server's makers measured no more a second with more."""

_CHEAPEST: Final = 1  # of the levels of ISA-L that halve what 0 leaves: 0.07 microseconds a line

_Rows = NDArray[np.int64]

Post = Callable[[bytes], Awaitable[None]]
"""Sends a body; raises ``LinesError`` where lines in it are at fault."""


class Posting:
    """One block on its way as lines; one request is made ready in a thread while another is sent.

    To find ``n`` lines at fault takes about ``2 n`` times the logarithm of the lines in requests,
    and never more than two a line; what was kept meanwhile is written again, and changes nothing.
    """

    def __init__(self, block: Block, encoder: Lines) -> None:
        self.block = block
        self._encoder = encoder
        self.refused = _unwritable(block)
        """Those that were not or cannot be kept."""
        rows = np.delete(np.arange(block.rows), [refused.row for refused in self.refused])
        # the next request is the last
        self._left = [rows[at : at + REQUEST] for at in range(0, len(rows), REQUEST)][::-1]

    async def send(self, post: Post) -> None:
        """Send all that is left of it; then ``refused`` has what could not be kept.

        What ``post`` raises besides is raised, and to send again goes on with that request.
        """
        body = await self._body(-1)
        while self._left:
            async with asyncio.TaskGroup() as tasks:
                following = tasks.create_task(self._body(-2))
                error = await _outcome(post, body)
            if error is None:
                self._left.pop()
                body = following.result()
            elif isinstance(error, LinesError):
                self._left[-1:] = self._blamed(self._left[-1], error)
                body = await self._body(-1)
            else:
                raise error

    async def _body(self, place: int) -> bytes:
        """The body of one of those that are left; nothing where there is none."""
        if len(self._left) < -place:
            return b""
        return await asyncio.to_thread(self._made, self._left[place])

    def _blamed(self, rows: _Rows, error: LinesError) -> list[_Rows]:
        """What is to be sent in place of a request with lines at fault: its halves, or nothing."""
        why = str(error)
        if len(rows) == 1 or error.dropped >= len(rows):
            self.refused += [Refused(row, why) for row in rows.tolist()]
            return []
        key = self._of_time if "retention" in why else self._of_field
        ordered = np.array(sorted(rows.tolist(), key=key))
        return np.array_split(ordered, 2)[::-1]

    def _made(self, rows: _Rows) -> bytes:
        block = self.block
        texts = block.texts and {
            place: block.texts[row] for place, row in enumerate(rows.tolist()) if row in block.texts
        }
        columns = Columns(
            block.points,
            block.point[rows],
            block.value[rows],
            block.quality[rows],
            block.measured_at[rows],
            texts,
            block.enrolled,
        )
        _, _, text = self._encoder.of(columns).buffers()
        assert text is not None
        return igzip.compress(memoryview(text)[:-1], _CHEAPEST)  # without the last line break

    # What is refused lies together in this order, so that few halves hold any of it.

    def _of_time(self, row: int) -> int:
        return int(self.block.measured_at[row])

    def _of_field(self, row: int) -> tuple[str, str]:
        point = self.block.points[self.block.point[row]]
        return point.object_type, point.point_type


async def _outcome(post: Post, body: bytes) -> LinesError | HistoryError | None:
    try:
        await post(body)
    except (LinesError, HistoryError) as error:
        return error
    return None


def _unwritable(block: Block) -> list[Refused]:
    """The rows that need not be sent."""
    late = (block.measured_at > LATEST).nonzero()[0].tolist()
    refused = [Refused(row, "measured later than InfluxDB can tell") for row in late]
    kinds = {point.point_type: point for point in block.points}
    for kind in [kind for kind, point in kinds.items() if not writable(point)]:
        why = f"{kind} is the name of a field of ours"
        ours = [place for place, point in enumerate(block.points) if point.point_type == kind]
        rows = np.isin(block.point, ours).nonzero()[0].tolist()
        refused += [Refused(row, why) for row in rows if row not in late]
    return refused
