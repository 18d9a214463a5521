"""Rota: who is looked at in which beat, so that no beat takes long."""

from collections.abc import Mapping
from typing import Final
from zlib import crc32

from twin.guards import Guard, RingGuard
from twin.instants import Millis
from twin.parts import Part
from twin.points import EntityId
from twin.steady import EVERY
from twin.steps import Steps

BEAT: Final = Millis(100)
"""The fleet is looked at part by part, some each beat, so that no beat takes long."""

BEATS: Final = 120
"""After so many, twelve seconds, everything has been judged once."""

SECOND: Final = EVERY // BEAT

TURNS: Final = 4 * SECOND
"""Meters are looked at once in four seconds: no breaker hurries so."""

Key = tuple[str, ...]
"""What a part is called; it decides when the part is looked at."""

Guards = list[Guard | RingGuard]


class Rota:
    """Whose turn it is; who goes by which name decides, and nothing else."""

    def __init__(self) -> None:
        self.due: list[list[Part]] = [[] for _ in range(BEATS)]
        """Who is judged in each beat …"""
        self.sampled: list[list[Part]] = [[] for _ in range(TURNS)]
        """… who is sampled in each, and goes on with the first after the last …"""
        self.guards: list[Guards] = [[] for _ in range(TURNS)]
        """… and who looks in each."""
        self.parts: dict[EntityId, list[Part]] = {}
        """By those that are judged with them."""
        self.until = _next_busy(self)
        """How many beats after each one there is something to do again."""

    def rest(self) -> None:
        """Let nobody look any more."""
        self.guards = [[] for _ in range(TURNS)]


def rota_of(parts: Mapping[Key, Part], guards: Mapping[Key, Guard | RingGuard]) -> Steps[Rota]:
    """The rota of these, each by its name."""
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
    rota.until = _next_busy(rota)
    return rota


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
