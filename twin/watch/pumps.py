"""Pumps of a cooling unit: which of them run, and whether one that ran has nobody in its place."""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from twin.areas import Area, whereabouts
from twin.contradictions import UNHEARD_FOR
from twin.entities import Entity
from twin.fault import Fault
from twin.instants import Instant, Millis, after
from twin.points import Freshness, PointId, PointState
from twin.sensors import Sensor
from twin.watch.words import Word, word_of

RUNS: Final = 5.0
"""In per cent, or whatever the speed is told in: no drive turns a pump slower, and one that stands
may read a little beside 0; ours."""

TOGETHER: Final = Millis(300_000)
"""Pumps that have run together for so long do so for good: where one takes over from another they
overlap for less; ours."""

_ELSEWHERE: Final = {Area.FILL, Area.PRIMARY}


class Turn(NamedTuple):
    """The pumps of a unit at one instant."""

    running: int
    unknown: int
    """Those of which it is not known now whether they run."""
    of: int
    """All but those that were not heard for so long that nobody waits for them."""
    missing: int
    """How many fewer run than used to."""
    lost: PointId | None
    """The one that stopped last."""

    @property
    def stands(self) -> bool:
        """Whether it is known that none runs."""
        return self.of > 0 and not (self.running or self.unknown)


class Pumps:
    """The pumps that circulate the coolant of one unit; looked at once a second.

    A pump that is not heard is waited for until the others were heard for ``UNHEARD_FOR``. It
    remembers how many run as a rule, and when those that stand stopped. What runs when it is
    first heard has done so for long, for publishers speak on change.
    """

    def __init__(self, unit: Entity) -> None:
        self._shown: list[tuple[PointState, Callable[[], bool | None]]] = [
            (state, _runs_of(state)) for state in _circulating(unit)
        ]
        self.faulty = list(_told_by_state(unit))
        """Those whose state may say that they have failed."""
        self._ran: dict[PointId, bool] = {}
        self._since: dict[PointId, Instant] = {}
        self._stopped: dict[PointId, Instant] = {}
        self._usual = 0
        self._heard_at: Instant | None = None

    def __bool__(self) -> bool:
        return bool(self._shown)

    def look(self, at: Instant, fault: Fault | None) -> Turn:
        """Take in what runs ``at``.

        Args:
            at: Now.
            fault: What stands of a pump lost: after a restart it is all that is known of before.
        """
        began = bool(self._ran)
        known = 0
        if self._heard_at is None and any(_heard(state) for state, _ in self._shown):
            self._heard_at = at
        waits = self._heard_at is None or at - self._heard_at < UNHEARD_FOR
        waited_for = [each for each in self._shown if waits or _heard(each[0])]
        for state, runs in waited_for:
            now = runs()
            if now is not None:
                known += 1
                self._take(state.point.id, at, runs=now)
        running = [key for key, runs in self._ran.items() if runs]
        settled = [key for key in running if after(self._since[key], TOGETHER) <= at]
        self._usual = max(self._usual, len(settled))
        if not began and known:
            self._recall(fault, len(running))
        unknown = len(waited_for) - known
        lost = max(self._stopped, key=lambda key: (self._stopped[key], key), default=None)
        missing = max(0, self._usual - len(running))
        return Turn(len(running), unknown, len(waited_for), missing, lost)

    def forget(self) -> None:
        """Take it that those which stand are to stand."""
        self._usual = 0
        self._stopped.clear()

    def _take(self, key: PointId, at: Instant, *, runs: bool) -> None:
        before = self._ran.get(key)
        self._ran[key] = runs
        if runs and not before:
            self._since[key] = Instant(0) if before is None else at
            self._stopped.pop(key, None)
        elif before and not runs:
            self._stopped[key] = at

    def _recall(self, fault: Fault | None, running: int) -> None:
        if fault is None or not fault.stands:
            return
        lost = next((key for key in self._ran if key == fault.judged.point), None)
        if lost is not None and not self._ran[lost]:
            self._usual = max(self._usual, running + 1)
            self._stopped[lost] = fault.raised_at


def _heard(state: PointState) -> bool:
    """Whether anything was ever heard of a point."""
    return state.freshness is not Freshness.UNHEARD


def _circulating(unit: Entity) -> list[PointState]:
    """The points that say whether a pump runs: its speed, or where none has one, its status."""
    speeds = [
        state
        for state in unit.of_type("PumpSpeed")
        if not state.point.is_setpoint
        and not whereabouts(state.point.process_area).areas & _ELSEWHERE
    ]
    return speeds or [each for each in _told_by_state(unit) if each.point.point_type == "Status"]


def _told_by_state(unit: Entity) -> Iterator[PointState]:
    for kind in ("PumpSpeed", "Status", "Available"):
        for state in unit.of_type(kind):
            pump = kind == "PumpSpeed" or state.point.object_type == "Pump"
            if pump and state.point.states:
                yield state


def _runs_of(state: PointState) -> Callable[[], bool | None]:
    point = state.point
    sensor = Sensor(state, point.unit or "")

    def runs() -> bool | None:
        value = sensor.now
        if value is None:
            return None
        if not point.states:
            return value > RUNS
        word = word_of(state)
        return None if word is None else word is Word.ON

    return runs
