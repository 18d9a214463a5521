"""Frozen sensors: those that repeat one value to the last bit while their neighbours move.

Neighbours are points of one type and place on things that hang on the same loop or feed. Time is
counted in their changes, so that what is quiet for all of them is quiet for none in particular.
Were changes independent, and as frequent here as there, a sensor would stand still for ``E``
changes of its neighbours with probability ``exp(-E)``. How often it moves where they move once is
learnt, so it is the Gamma-Poisson form of that (Gelman et al., Bayesian Data Analysis, 2.6): after
``k`` changes during ``x`` of theirs, with ``a`` of each put in beforehand, for they are alike,

    P(still for E) = (1 + E / (a + x)) ** -(a + k)

Changes are not independent where a coarse sensor follows a smooth load. So two things more are
asked for: neighbours count at no more than their usual pace, so that the job next door may ramp,
and the stand is to be twice as improbable, in nats, as any that one of the group came out of.
"""

from collections.abc import Iterable
from math import log, log1p
from typing import Final

from twin.entities import RACK, Entity
from twin.finding import Finding
from twin.instants import Instant
from twin.points import Freshness, PointState
from twin.steps import Steps, run
from twin.topology import Domain, Topology

DOUBT: Final = 30.0
"""Nats, e to the -30, 1 in 10 million millions: so improbable a stand is no chance. 200,000 sensors
looked at every 5 s could begin to stand 1.3 million million times a year."""

ALIKE: Final = 10.0
"""Changes for which a sensor is taken to be as its neighbours, before anything is known of it."""

BEYOND: Final = 2.0
"""Times the most improbable stand, in nats, that one of the group came out of unnamed."""

SWIFT: Final = 5.0
"""Changes between two looks, one a second: as fast as the contract thinks of (1 to 2 s)."""

TEACHES: Final = 300.0
"""Changes of its neighbours that one stand may teach at the most, so that a sensor that was frozen
for long is not taken for a slow one ever after."""

PEERS: Final = 3
"""Fewer neighbours say nothing about what is usual."""

_RACK: Final = (
    "RackPower",
    "RackLiquidFlow",
    "RackLiquidSupplyTemperature",
    "RackLiquidReturnTemperature",
    "RackLiquidDifferentialPressure",
    "RackControlValvePosition",
)
_METER: Final = ("ActivePower", "ApparentPower", "Voltage", "Current", "PhaseCurrent")
_CDU: Final = ("LiquidTemperature", "LiquidFlow", "LiquidPressure", "LiquidDifferentialPressure")

_JUDGED: Final = {  # where neighbours are found; set-points, states and ratings stand by nature
    **{(RACK, kind): Domain.LIQUID for kind in _RACK},
    **{("PowerMeter", kind): Domain.POWER for kind in _METER},
    **{("CDU", kind): Domain.LIQUID for kind in _CDU},
}

_LIVE: Final = Freshness.LIVE

Key = tuple[str, ...]
"""Object type, point type, place on the object, and who feeds it."""


def neighbours(entities: Iterable[Entity], topology: Topology) -> dict[Key, list[PointState]]:
    """The points that are neighbours of one another, each group in order of id.

    Those with too few on their own loop or feed are put together with others of whom that is so.
    """
    return run(neighbouring(entities, topology))


def neighbouring(
    entities: Iterable[Entity], topology: Topology
) -> Steps[dict[Key, list[PointState]]]:
    """The same, looked for in small parts."""
    groups: dict[Key, list[PointState]] = {}
    for entity in entities:
        for state in entity.points.values():
            point = state.point
            domain = _JUDGED.get((point.object_type, point.point_type))
            if domain is not None and not point.is_setpoint and not point.associated:
                place = "/".join(sorted(point.process_area))
                feeders = topology.feeders(entity.id, domain)
                key = (point.object_type, point.point_type, place, *feeders)
                groups.setdefault(key, []).append(state)
        yield
    for key in [key for key, states in groups.items() if len(states) <= PEERS]:
        alone = groups.pop(key)
        groups.setdefault(key[:3], []).extend(alone)
    found: dict[Key, list[PointState]] = {}
    for key, states in groups.items():
        if len(states) > PEERS:
            found[key] = sorted(states, key=lambda state: state.point.id)
            yield
    return found


class _Watched:
    """How one sensor stands and moves, in changes of its neighbours."""

    __slots__ = ("_passed", "_seen", "delta", "moves", "since", "state", "still", "theirs")

    def __init__(self, state: PointState) -> None:
        self.state = state
        self.delta = 0  # changes since the last look
        self.moves = 0.0  # of its own, while …
        self._passed = 0.0  # … so many of its neighbours'
        self._seen: int | None = None
        self.stand(Instant(0))

    def stand(self, at: Instant) -> None:
        """Begin to stand still."""
        self.since = at
        self.still = 0.0  # changes of its neighbours since then, at their usual pace
        self.theirs = 0.0  # the same as they were

    def look(self, at: Instant) -> bool:
        """Whether it can be judged now; what is not the truth of now is not, and begins anew."""
        state = self.state
        seen = self._seen
        if state.freshness is not _LIVE or state.bad:
            self._seen = None
            return False
        self._seen = state.changes
        if seen is None:
            self.stand(at)
            return False
        self.delta = state.changes - seen
        return True

    def pass_by(self, pace: float, theirs: float) -> None:
        """Let its neighbours change so often."""
        self.still += pace
        self.theirs += theirs

    def move(self, pace: float, at: Instant) -> None:
        """End the stand: it moved, at the usual pace of its group at the most."""
        self.moves += min(self.delta, max(pace, 1.0))
        self._passed += min(self.still, TEACHES)
        self.stand(at)

    @property
    def doubt(self) -> float:
        """How improbable its standing still is, in nats."""
        return (ALIKE + min(self.moves, self._passed)) * log1p(self.still / (ALIKE + self._passed))


class Stillness:
    """Neighbours, and which of them are frozen; looked at every five seconds.

    All follows from what they counted at each look.
    """

    def __init__(self, states: Iterable[PointState] = ()) -> None:
        self._watched: list[_Watched] = []
        self._looks = 0
        self._changes = 0.0
        self._usual = 0.0
        self._record = 0.0
        self.gather(states)

    def gather(self, states: Iterable[PointState]) -> None:
        """Watch these from now on; of those watched before, what is known stays known."""
        known = {id(each.state): each for each in self._watched}
        self._watched = [known.get(id(state)) or _Watched(state) for state in states]

    def sample(self, at: Instant) -> list[Finding]:
        """Those that are frozen now, in the order in which they were gathered."""
        judged = [each for each in self._watched if each.look(at)]
        if len(judged) <= PEERS:
            return []
        pace = self._pace(judged)
        changes, peers = sum(each.delta for each in judged), len(judged) - 1
        bound = max(DOUBT, BEYOND * self._record)
        frozen = []
        for each in judged:
            each.pass_by(pace, (changes - each.delta) / peers)
            doubt = each.doubt if each.still > ALIKE else 0.0
            if each.delta:
                if self._record < doubt < bound:
                    self._record = doubt
                each.move(pace, at)
            elif doubt >= bound and each.state.value:  # what reads exactly nothing may be off
                frozen.append(_finding(each, peers, at))
        return frozen

    def _pace(self, judged: list[_Watched]) -> float:
        """How often one of them changed since the last look, at no more than their usual pace.

        It is the median of the others for whoever stood still. Where that is 0, it is what the
        share of those that moved tells of changes at random: -ln(share that stood).
        """
        deltas = sorted([each.delta for each in judged])
        count = len(deltas)
        pace = float(deltas[count // 2]) or log(count / deltas.count(0))
        self._looks += 1
        self._changes += min(pace, 2 * self._usual + SWIFT)  # a burst is no habit
        self._usual = self._changes / self._looks
        return min(pace, self._usual)


def _finding(watched: _Watched, peers: int, at: Instant) -> Finding:
    state = watched.state
    point = state.point
    seconds = (at - watched.since) // 1000
    reads = f"{state.value:g} {point.unit or ''}".rstrip()
    moved = f"those of {peers} neighbours changed {watched.theirs:.0f} times"
    reason = f"{reads} for {seconds} s, while {moved}"
    return Finding("sensor.frozen", point.entity, point.point_type, reason, unit=point.unit)
