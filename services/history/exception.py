"""Report by exception: readings that say nothing new are withheld where a site wants that."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from services.history.block import Row
from services.settings import Deadband
from twin.points import PointId

_NOTHING: Final[tuple[Row, ...]] = ()


class _Last(NamedTuple):
    """What was heard last of one point."""

    kept: Row
    withheld: Row | None = None
    """What came after it, where that was withheld."""

    @property
    def row(self) -> Row:
        return self.withheld or self.kept


class Exceptions:
    """Tells the readings that are kept from those that lie within the deadband of the last kept.

    Whatever is more than a number that moves a little is kept: another quality, a value that is
    gone or there again, a point that is described anew, a late reading, and every state. Before
    it goes the last reading that was withheld, so that a line between the two is as steep as it
    was. So a line of steps through what is kept is never off by more than the deadband; but
    between a late reading and the next one it may be, for what was withheld there is gone.

    Bound: two rows for each point whose type has a deadband.
    """

    def __init__(self, deadbands: Mapping[str, Deadband]) -> None:
        self._deadbands = deadbands
        self._last: dict[PointId, _Last] = {}
        self.withheld = 0
        """Readings that will never be written, for they said nothing new."""

    @property
    def whole(self) -> bool:
        """Whether nothing is ever withheld."""
        return not self._deadbands

    def of(self, row: Row) -> tuple[Row, ...]:
        """What is to be written now that a reading has come, in order."""
        point = row.point
        deadband = self._deadbands.get(point.point_type)
        if deadband is None or point.states or not point.unit:
            return (row,)
        last = self._last.get(point.id)
        if last is None:
            self._last[point.id] = _Last(row)
            return (row,)
        before = () if last.withheld is None else (last.withheld,)
        if row.measured_at < last.row.measured_at:
            self._last[point.id] = _Last(last.row)
            return (row, *before)
        if not _alike(last.kept, row, deadband):
            self._last[point.id] = _Last(row)
            return (*before, row)
        self.withheld += len(before)
        if row.measured_at - last.kept.measured_at < deadband.max_s * 1000:
            self._last[point.id] = last._replace(withheld=row)
            return _NOTHING
        self._last[point.id] = _Last(row)
        return (row,)

    def end(self, point: PointId) -> tuple[Row, ...]:
        """What was withheld last of a point that is silent now: until then it was heard."""
        last = self._last.pop(point, None)
        return _NOTHING if last is None or last.withheld is None else (last.withheld,)


def _alike(kept: Row, row: Row, deadband: Deadband) -> bool:
    if row.point is not kept.point or row.quality != kept.quality:
        return False
    if row.value is None or kept.value is None:
        return row.value is kept.value
    return abs(row.value - kept.value) <= deadband.around(kept.value)
