"""Rota: who is looked at in which beat, so that no beat takes long."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, Protocol
from zlib import crc32

from twin.fault import Judged
from twin.fault import Key as FaultKey
from twin.guards import Guard, Loops, Meters, On, Suspects
from twin.instants import Instant, Millis
from twin.parts import Part, Ring
from twin.points import EntityId
from twin.smoothing import EVERY, Smoothing
from twin.steady import Steady, smoothing_of
from twin.steps import Steps
from twin.watch.meter_screen import MeterScreen
from twin.watch.meters import MeterWatch
from twin.watch.rack_screen import RackScreen
from twin.watch.racks import RackWatch

BEAT: Final = Millis(100)
"""The fleet is looked at part by part, some each beat, so that no beat takes long."""

BEATS: Final = 120
"""After so many, twelve seconds, everything has been judged once."""

SECOND: Final = EVERY // BEAT

TURNS: Final = 4 * SECOND
"""Meters are looked at once in four seconds: no breaker hurries so."""

Key = tuple[str, ...]
"""What a part is called; it decides when the part is looked at."""

NO_METERS: Final[Mapping[Key, MeterWatch]] = MappingProxyType({})

NO_LOOPS: Final[Mapping[Key, Sequence[RackWatch]]] = MappingProxyType({})


class Sampled(Protocol):
    """What is to take in readings between being judged."""

    def sample(self, at: Instant) -> None:
        """Take in what is read ``at``."""


class Looks(Protocol):
    """Whoever watches things."""

    def look(self, at: Instant, on: On, suspects: Suspects) -> Iterable[tuple[FaultKey, Judged]]:
        """What is not well with them now, and whatever has a fault."""


class Rota:
    """Whose turn it is; who goes by which name decides, and nothing else."""

    def __init__(self) -> None:
        self.due: list[list[Part]] = [[] for _ in range(BEATS)]
        """Who is judged in each beat …"""
        self.sampled: list[list[Sampled]] = [[] for _ in range(TURNS)]
        """… who is sampled in each, and goes on with the first after the last …"""
        self.guards: list[list[Looks]] = [[] for _ in range(TURNS)]
        """… and who looks in each."""
        self.parts: dict[EntityId, list[Part]] = {}
        """By those that are judged with them."""
        self.together: list[tuple[Smoothing, Sequence[Steady]]] = []
        """Racks that are sampled in one go, once they have moved there."""
        self.until = _next_busy(self)
        """How many beats after each one there is something to do again."""

    def begin(self) -> None:
        """Take it that from now on everybody is looked at by this one."""
        for smoothing, racks in self.together:
            for column, rack in enumerate(racks):
                rack.move(smoothing, column)

    def rest(self) -> None:
        """Let nobody look any more."""
        self.guards = [[] for _ in range(TURNS)]


def rota_of(
    parts: Mapping[Key, Part],
    guards: Mapping[Key, Guard],
    meters: Mapping[Key, MeterWatch] = NO_METERS,
    loops: Mapping[Key, Sequence[RackWatch]] = NO_LOOPS,
) -> Steps[Rota]:
    """The rota of these, each by its name; it is to ``begin`` when it counts.

    Args:
        parts: All that are judged together.
        guards: Whoever watches what is neither a meter nor a rack.
        meters: Whoever watches meters, those of one beat in one go.
        loops: Whoever watches racks, by the name of their ring.
    """
    rota = Rota()
    for key, part in parts.items():
        beat = _beat_of(key)
        rota.due[beat].append(part)
        if part.sampled is not None:
            for turn in range(beat, beat + TURNS, part.sampled // BEAT):
                rota.sampled[turn % TURNS].append(part)
        for each in part.entities:
            rota.parts.setdefault(each, []).append(part)
        yield
    for key, guard in guards.items():
        beat = _beat_of(key)
        for turn in range(beat, beat + TURNS, SECOND if guard.hurries else TURNS):
            rota.guards[turn % TURNS].append(guard)
        yield
    yield from _meters(rota, meters)
    yield from _racks(rota, parts, loops)
    rota.until = _next_busy(rota)
    return rota


def _meters(rota: Rota, meters: Mapping[Key, MeterWatch]) -> Steps[None]:
    """Meters are looked at once in four seconds, all of one beat in one go."""
    due: list[list[MeterWatch]] = [[] for _ in range(TURNS)]
    for key, watch in meters.items():
        due[_beat_of(key) % TURNS].append(watch)
    for turn, watches in enumerate(due):
        if watches:
            rota.guards[turn].insert(0, Meters(MeterScreen(watches)))
        yield


def _racks(
    rota: Rota, parts: Mapping[Key, Part], loops: Mapping[Key, Sequence[RackWatch]]
) -> Steps[None]:
    """Racks are sampled and looked at once a second, all of one beat in one go."""
    rings: list[list[tuple[Key, Ring]]] = [[] for _ in range(SECOND)]
    for key, part in parts.items():
        if isinstance(part, Ring):
            rings[_beat_of(key) % SECOND].append((key, part))
    for beat, due in enumerate(rings):
        racks = [rack for _, ring in due for rack in ring.racks]
        smoothing = smoothing_of(racks)
        if racks:
            rota.together.append((smoothing, racks))
        yield
        watched = [loops[key] for key, _ in due if loops.get(key)]
        columns = {rack.rack: column for column, rack in enumerate(racks)}
        guards = [Loops(RackScreen(watched, smoothing, columns))] if watched else []
        for turn in range(beat, TURNS, SECOND):
            rota.sampled[turn] += [smoothing] if racks else []
            rota.guards[turn][:0] = guards
        yield


def _beat_of(key: Key) -> int:
    return crc32("/".join(key).encode()) % BEATS


def _next_busy(rota: Rota) -> list[int]:
    """How many beats after each one there is something to do again; each whole second there is."""
    busy = [
        beat
        for beat in range(BEATS)
        if beat % SECOND == 0
        or rota.due[beat]
        or rota.sampled[beat % TURNS]
        or rota.guards[beat % TURNS]
    ]
    until = []
    for beat in range(BEATS):
        following = next((each for each in busy if each > beat), busy[0] + BEATS)
        until.append(following - beat)
    return until
