"""Tampering: what happens to the readings of a plant on their way from gauge to bus."""

import numpy as np
import numpy.typing as npt

from services.simulate.columns import SECOND_MS, Columns
from services.simulate.gauges import PUB
from services.simulate.noise import Array, Whole
from services.simulate.script import Bends, Doubts, Freezes, Script, Shows, Silence
from twin.points import EntityId

Mask = npt.NDArray[np.bool_]


class Tampering:
    """All that a script does to what is told, column by column.

    Args:
        columns: All points.
        script: What is done.
        frozen: For each sensor that freezes, what all gauges showed when it did.
    """

    def __init__(self, columns: Columns, script: Script, frozen: dict[Freezes, Array]) -> None:
        self._columns = columns
        self._frozen = frozen
        self._lies = [each for each in script.told if isinstance(each, Shows | Bends | Freezes)]
        self._doubts = [each for each in script.told if isinstance(each, Doubts)]
        self._silences = [each for each in script.told if isinstance(each, Silence)]
        self._owners = np.array([point.publisher for point in columns.points])

    def tell(self, counted: Array, instants: Whole) -> None:
        """Alter what gauges show, counted in their steps: a row each of ``instants``."""
        for lie in self._lies:
            rows = (instants >= lie.at) & (instants < lie.until)
            for column in self._of(lie.entity, lie.point_type):
                counted[rows, column] = self._told(lie, counted[rows, column], column)

    def doubted(self, stamps: Whole) -> Whole:
        """The quality that each point is told with at its own stamp: 1 is good."""
        quality = np.ones(len(stamps), dtype=np.int64)
        for doubt in self._doubts:
            for column in self._of(doubt.entity, doubt.point_type):
                if doubt.at <= stamps[column] < doubt.until:
                    quality[column] = 0
        return quality

    def silent(self, stamps: Whole) -> Mask:
        """Whose metadata and value would not be sent at each one's stamp."""
        silent = np.zeros((len(stamps), 2), dtype=np.bool_)
        for silence in self._silences:
            within = (stamps >= silence.at) & (stamps < silence.until)
            silent[:, 0] |= within & (silence.publisher == PUB)
            silent[:, 1] |= within & (self._owners == silence.publisher)
        return silent

    def _told(self, lie: Shows | Bends | Freezes, counted: Array, column: int) -> Array:
        step = self._columns.steps[column]
        if isinstance(lie, Shows):
            return np.full_like(counted, round(lie.value / step))
        if isinstance(lie, Bends):
            bent: Array = np.rint(counted * lie.factor + lie.offset / step)
            return bent + 0.0  # no negative zero
        return np.full_like(counted, self._frozen[lie][column])

    def _of(self, entity: EntityId, point_type: str) -> list[int]:
        return [
            column
            for column, point in enumerate(self._columns.points)
            if (point.entity, point.point_type) == (entity, point_type)
        ]


def row_of(freeze: Freezes) -> int:
    """The second whose readings a sensor keeps."""
    return freeze.at // SECOND_MS
