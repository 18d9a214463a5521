"""Racks: what the sensors of one rack say of its faults, once a second.

A rack that is well costs some comparisons. Only where one of them fails, or where it has a fault
already, is every rule asked.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Final

from twin.entities import Entity
from twin.fault import Fault, Key
from twin.faults.rule import Rules
from twin.instants import Instant
from twin.points import EntityId
from twin.ranges import stands_for_none
from twin.sensors import sensor_of
from twin.site import UNWRITTEN, Site
from twin.smoothing import EVERY
from twin.steady import Steady
from twin.watch.feeds import Feeds
from twin.watch.heat import (
    DP,
    DP_SETPOINT,
    FLOW,
    RETURN,
    SUPPLY,
    Crowd,
    Shown,
    is_off,
    outruns,
    total,
)
from twin.watch.isolation import Isolation
from twin.watch.judging import telling
from twin.watch.liquid import Liquid, Look
from twin.watch.trips import tripped
from twin.watch.verdicts import Verdict

IDLE_KW: Final = 2.0
"""A rack that draws less does no work …"""
IDLE_SHARE: Final = 0.05
"""… nor one that draws less of what it is rated for: an idle NVL72 draws the half; ours."""

TURN: Final = 2 * EVERY
"""How often it is asked whether a rack is cut off, which counts after 5 s."""

_POWER: Final = "RackPower"
_ALL_CALM: Final = (True, True, True)

_tuple: Final = tuple.__new__


class _Doubt:
    """Whether a rack's sensors contradict one another; asked when it matters, and once."""

    __slots__ = ("_crowd", "_shown", "_told", "steady")

    def __init__(self, steady: Steady, shown: Shown, crowd: Crowd) -> None:
        self.steady = steady
        self._shown = shown
        self._crowd = crowd
        self._told: bool | None = None

    def __call__(self) -> bool:
        if self._told is None:
            crowd = self._crowd
            off = is_off(self.steady, self._shown, alone=crowd.alone)
            self._told = bool(off) and not crowd.off()
        return self._told


class RackWatch:
    """One rack under watch. What it remembers saves time, and alters no verdict for long.

    Args:
        rack: The rack.
        steady: What its sensors read of late; sampled before each look.
        rules: All rows.
        meters: What feeds it directly.
        site: What is written down of it and of its meters.
    """

    __slots__ = (
        "_entity",
        "_rules",
        "all_read",
        "dp",
        "dp_setpoint",
        "feeds",
        "isolation",
        "liquid",
        "rack",
        "steady",
    )

    def __init__(
        self,
        rack: Entity,
        steady: Steady,
        rules: Rules,
        meters: Sequence[Entity] = (),
        site: Site = UNWRITTEN,
    ) -> None:
        self.rack: EntityId = rack.id
        self._entity = rack
        self.steady = steady
        self._rules = rules
        idle_kw = max(IDLE_KW, IDLE_SHARE * (site.rack(rack.id).rated_kw or 0.0))
        self.liquid = Liquid(rack, steady, rules, idle_kw)
        self.feeds = Feeds(rack, meters, rules, idle_kw, site)
        self.isolation = Isolation(rack, rules)
        self.all_read = len(meters) == self.feeds.count
        self.dp = sensor_of(rack, DP, "kPa")
        self.dp_setpoint = sensor_of(rack, DP_SETPOINT, "kPa")

    @property
    def dp_kpa(self) -> float | None:
        """Its differential pressure now."""
        return self.dp.now

    def off(self) -> bool | None:
        """Whether its heat of this instant does not fit its power; None where it is not known."""
        return is_off(self.steady, self._shown(self.steady.reads.own, self._fed(), self.dp_kpa))

    def look(
        self, at: Instant, live: Mapping[Key, Fault], suspects: Collection[str], crowd: Crowd
    ) -> Iterator[Verdict]:
        """What is not well now, and whatever has a fault.

        Args:
            at: Now.
            live: The faults of the rack that there are.
            suspects: Types of its points that are not to be believed.
            crowd: The racks of its loop, as they are now.
        """
        feeds, dp = self._fed(), self.dp.now
        shown = self._shown(self.steady.reads.own, feeds, dp)
        peers = None if dp is None else crowd.others_kpa(dp)
        calm = (
            self.liquid.calm(shown, peers),
            self.feeds.calm(shown.load, feeds, at),
            at % TURN >= EVERY or self.isolation.calm(),
        )
        if not live and calm == _ALL_CALM:
            return
        if _POWER in suspects:
            shown = self._shown(None, feeds, dp)
        shown = _believed(shown, suspects)
        doubted = _Doubt(self.steady, shown, crowd)
        look = Look(at, shown, peers, feeds, live, doubted, partial(outruns, self.steady, shown))
        yield from telling(self.liquid.judge(look, calm=calm[0]), live)
        yield from telling(self.feeds.judge(look, calm=calm[1]), live)
        yield from telling(self.isolation.judge(live, calm=calm[2]), live)
        yield from tripped(self._rules, self._entity, live)

    def _fed(self) -> Sequence[float | None]:
        """What each of its feeds reads: as it was sampled, where nothing else feeds it."""
        return self.steady.reads.meters if self.all_read else self.feeds.read()

    def _shown(self, load: float | None, feeds: Sequence[float | None], dp: float | None) -> Shown:
        """What its sensors read; the load is its own reading, else the sum of its meters."""
        steady = self.steady
        late, reads = steady.own, steady.reads
        if load is None:
            load, late = total(feeds), steady.meters
        served = load if late is None or load is None or load < late else late
        _, flow, supply, return_, _ = reads
        return _tuple(Shown, (load, served, flow, supply, return_, dp, self.dp_setpoint.now))


def crowd_of(racks: Sequence[RackWatch]) -> Crowd:
    """The racks of one loop as they are now: to be made once a second, when all were sampled."""
    return Crowd([rack.dp_kpa for rack in racks], [rack.off for rack in racks])


def _believed(shown: Shown, suspects: Collection[str]) -> Shown:
    """The same without what is not to be believed, or stands for no value at all."""

    def kept(kind: str, value: float | None) -> float | None:
        no = value is None or kind in suspects or stands_for_none(kind, value)
        return None if no else value

    return shown._replace(
        flow=kept(FLOW, shown.flow),
        supply=kept(SUPPLY, shown.supply),
        return_=kept(RETURN, shown.return_),
        dp=kept(DP, shown.dp),
        dp_setpoint=kept(DP_SETPOINT, shown.dp_setpoint),
    )
