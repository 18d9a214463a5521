"""What a benchmark found: named figures, their medians, and what was to be reached."""

import operator
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from time import process_time
from typing import Literal


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure."""

    name: str
    value: float
    unit: str
    target: float | None = None
    """What was to be reached; None where the figure only informs."""
    better: Literal["higher", "lower"] = "higher"

    @property
    def reached(self) -> bool | None:
        """Whether it was; None where there was nothing to reach."""
        if self.target is None:
            return None
        compare = operator.ge if self.better == "higher" else operator.le
        return bool(compare(self.value, self.target))


@dataclass(slots=True)
class Report:
    """The figures of one benchmark, in the order in which they were found."""

    name: str
    what: str
    figures: list[Figure] = field(default_factory=list)

    def add(
        self,
        name: str,
        value: float,
        unit: str,
        target: float | None = None,
        better: Literal["higher", "lower"] = "higher",
    ) -> None:
        """Put one more figure into the report."""
        self.figures.append(Figure(name, value, unit, target, better))

    def as_json(self) -> dict[str, object]:
        """The report as plain values."""
        figures = [asdict(figure) | {"reached": figure.reached} for figure in self.figures]
        return {"name": self.name, "what": self.what, "figures": figures}


def median_seconds(work: Callable[[], object], rounds: int) -> float:
    """The median CPU time of ``rounds`` runs of ``work``, after one that does not count."""
    work()
    durations = []
    for _ in range(rounds):
        begin = process_time()
        work()
        durations.append(process_time() - begin)
    return statistics.median(durations)


def quantile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` of ``values`` do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
