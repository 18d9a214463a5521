"""Feeds: the power of one rack, held against what it may draw and what its feeds could carry."""

from collections.abc import Iterator, Sequence
from math import inf
from typing import Final
from zlib import crc32

from twin.circuits import able_of, circuit_of
from twin.entities import Entity
from twin.fault import UNKNOWN, Fault, Judged, Key
from twin.faults.rule import Limits, Rules
from twin.implausible import TRIPS_AT
from twin.instants import Instant, Millis, after
from twin.points import EntityId
from twin.sensors import sensor_of
from twin.severity import Severity
from twin.site import Site
from twin.watch.heat import point_of, total
from twin.watch.liquid import Look
from twin.watch.verdicts import Verdict, against, figures, outermost, standing

NOTHING: Final = 0.02
"""A feed with less of the load carries none of it: meters show a little where nothing flows."""

AGREE: Final = 0.05
"""So far meters and rack may be apart while a load moves from feed to feed: else a meter lies."""

AGAIN: Final = Millis(60_000)
"""What feeds could carry hangs on limits, volts and power factor, which stay as they are …"""
SOON: Final = Millis(10_000)
"""… unless something is amiss."""

BACK: Final = 0.98
"""Redundancy is back once the load is so far within what would be left; ours."""

_FEED_LOST: Final = "power.feed_lost"
_REDUNDANCY: Final = "power.redundancy_lost"
_OVER: Final = "power.over_budget"

_CODES: Final = frozenset({_FEED_LOST, _REDUNDANCY, _OVER})

_OK: Final = Severity.OK


class Feeds:
    """The electrical side of one rack.

    Args:
        rack: The rack.
        meters: What feeds it directly.
        rules: All rows.
        idle_kw: What is no load.
        site: What is written down of them.
    """

    __slots__ = (
        "_able",
        "_asked",
        "_asked_again",
        "_meters",
        "_most",
        "_over",
        "_point",
        "_rack",
        "_rated",
        "_rules",
        "_sensors",
        "_site",
        "_spare",
        "idle_kw",
    )

    def __init__(
        self, rack: Entity, meters: Sequence[Entity], rules: Rules, idle_kw: float, site: Site
    ) -> None:
        self._rack: EntityId = rack.id
        self._rules = rules
        self.idle_kw = idle_kw
        self._site = site
        self._rated = site.rack(rack.id).rated_kw
        self._over = rules.limits(_OVER, "over_budget_pct")
        self._point = point_of(rack, "RackPower")
        self._meters = [meter for meter in meters if meter.of_type("ActivePower")]
        self._sensors = [sensor_of(meter, "ActivePower", "kW") for meter in self._meters]
        self._able: list[float | None] = [None] * len(self._meters)
        self._asked = self._asked_again = Instant(0)
        self._spare = self._most = inf

    @property
    def count(self) -> int:
        """How many of its meters read a power."""
        return len(self._meters)

    @property
    def most(self) -> tuple[Instant, float, float]:
        """Until when it may draw how much by its budget, and without the strongest feed, in kW."""
        return self._asked_again, self._most, self._spare

    def read(self) -> list[float | None]:
        """What each of its feeds reads now, in kW."""
        return [sensor.now for sensor in self._sensors]

    def calm(self, load: float | None, feeds: Sequence[float | None], at: Instant) -> bool:
        """Whether all is so plainly well that nothing has to be looked at."""
        if load is None or load < self.idle_kw:
            return True
        if at >= self._asked_again:
            self._ask(feeds, at)
        if load > self._most or load > self._spare:
            return False
        if len(feeds) > 1:
            least = NOTHING * load
            for feed in feeds:
                if feed is not None and feed < least:
                    return False
        return True

    def judge(self, look: Look, *, calm: bool) -> Iterator[Verdict]:
        """How what a rule asks for stands: all of it, or where all is calm what has a fault."""
        live, load, feeds = look.live, look.shown.load, look.feeds
        codes = {key.code for key in live}
        if calm and codes.isdisjoint(_CODES):
            return
        if look.at - self._asked >= SOON:
            self._ask(feeds, look.at)
        if self._over is not None:
            key = Key(_OVER, self._rack)
            yield key, self._over_budget(self._over, look, live.get(key))
        if len(feeds) < 2:  # noqa: PLR2004  # one alone carries all
            return
        lost: list[bool] = []
        for meter, feed in zip(self._meters, feeds, strict=True):
            judged = self._feed(meter, feed, load, feeds)
            lost.append(judged.severity not in {None, _OK})
            if _FEED_LOST in self._rules:
                yield Key(_FEED_LOST, self._rack, meter.id), judged
        if _REDUNDANCY in self._rules:
            key = Key(_REDUNDANCY, self._rack)
            judged = self._redundancy(load, lost, live.get(key))
            told = judged.severity in {None, _OK} or not _doubted(look)
            yield key, judged if told else UNKNOWN

    # -- one by one ------------------------------------------------------------------------------

    def _over_budget(self, limits: Limits, look: Look, fault: Fault | None) -> Judged:
        budget, load = self._budget(), look.shown.load
        if budget is None or load is None:
            return UNKNOWN
        value = (load / budget - 1) * 100
        what = f"load {load:.4g} kW, {{}} over its budget of {budget:.4g} kW"
        judged = against(limits, value, fault, point=self._point, what=what)
        return UNKNOWN if judged.severity is not _OK and _doubted(look) else judged

    def _feed(
        self, meter: Entity, feed: float | None, load: float | None, feeds: Sequence[float | None]
    ) -> Judged:
        """Whether one feed carries nothing; a meter that reads nothing may also be dead."""
        if feed is None or load is None:
            return UNKNOWN
        point = point_of(meter, "ActivePower")
        if load < self.idle_kw or feed >= NOTHING * load:
            return Judged(_OK, feed, None, "kW", point)
        whole = total(feeds)
        if whole is None or abs(whole - load) > AGREE * load:
            return UNKNOWN
        least = NOTHING * load
        carries, limit = figures(feed, least, "kW")
        said = f"{meter.id} carries {carries} of the rack's {load:.4g} kW, lower limit {limit}"
        return Judged(self._rules[_FEED_LOST].severity, feed, least, "kW", point, said)

    def _redundancy(self, load: float | None, lost: Sequence[bool], fault: Fault | None) -> Judged:
        """Whether what carries now could do without the strongest of it.

        Feeds share in proportion to what they can, so all of them are beyond it at once. Where
        one alone is left, it has to carry all.
        """
        able = [each for each, gone in zip(self._able, lost, strict=True) if not gone]
        spare = _spare(able)
        if load is None or spare is None:
            return UNKNOWN
        back = BACK if standing(fault) is not _OK else 1.0
        if load <= back * spare:
            return Judged(_OK, load, spare, "kW", self._point)
        shown, limit = figures(load, spare, "kW")
        said = f"load {shown}, where its feeds could carry {limit} with one of them less"
        return Judged(self._rules[_REDUNDANCY].severity, load, spare, "kW", self._point, said)

    # -- what hardly changes ---------------------------------------------------------------------

    def _ask(self, feeds: Sequence[float | None], at: Instant) -> None:
        """Work out anew what the feeds could carry."""
        self._able = [
            self._able_kw(meter, feed) for meter, feed in zip(self._meters, feeds, strict=True)
        ]
        self._asked = at
        known = None not in self._able
        # Not all racks in one second.
        later = Millis(AGAIN + crc32(self._rack.encode()) % AGAIN) if known else SOON
        self._asked_again = after(at, later)
        spare, budget = _spare(self._able), self._budget()
        self._spare = inf if spare is None or len(self._able) == 1 else spare
        self._most = inf if budget is None else budget * (1 + outermost(self._over) / 100)

    def _able_kw(self, meter: Entity, feed: float | None) -> float | None:
        """What a feed could carry, unless it has long been beyond that: then the limit is wrong."""
        able = able_of(meter, circuit_of(meter, self._site.meter(meter.id))).now
        wrong = able is not None and feed is not None and feed > TRIPS_AT * able
        return None if wrong else able

    def _budget(self) -> float | None:
        """What the rack is built for, or its feeds bring, whichever is less and known."""
        told = [each for each in (self._rated, total(self._able)) if each is not None]
        return min(told, default=None)


def _doubted(look: Look) -> bool:
    """Whether the load is not to be believed: by its meters, where there are any, else its heat."""
    load, whole = look.shown.load, total(look.feeds)
    if load is not None and whole is not None:
        return abs(whole - load) > AGREE * load
    return look.outruns()


def _spare(able: Sequence[float | None]) -> float | None:
    """What is left without the strongest; of one alone all of it."""
    whole = total(able)
    if whole is None or len(able) == 1:
        return whole
    return whole - max(each for each in able if each is not None)
