"""Builders of faults: a few rules, a small plant, and an engine over them."""

from collections.abc import Iterable
from typing import Final

from build import at
from twin.changes import FaultChanged
from twin.fault import Fault, Judged, Key, What
from twin.faults.engine import Faults
from twin.faults.rule import ANY, INHIBIT_WAIT, Count, OnStale, Rank, Rule, Rules, seconds
from twin.instants import Instant, Millis
from twin.points import EntityId
from twin.severity import Severity
from twin.topology import Domain, Topology

WARNING: Final = Judged(Severity.WARNING, 42.0, 41.0, "C", "P1", "too warm")
CRITICAL: Final = Judged(Severity.CRITICAL, 46.0, 45.0, "C", "P1", "far too warm")
SILENT: Final = Judged(Severity.WARNING, publisher=EntityId("PUB"))


def a_rule(  # noqa: PLR0913  # what tests vary
    code: str = "plain",
    *,
    on: int = 0,
    critical: int | None = None,
    off: int = 0,
    count: Count | None = None,
    latch: bool = False,
    ack: bool = False,
    realarm: int | None = None,
    on_stale: OnStale = OnStale.HOLD,
    effects_of: Iterable[str] = (),
    beside: Iterable[str] = (),
    suppressible: bool = True,
    priority: int = 2,
    wait: Millis = INHIBIT_WAIT,
) -> Rule:
    """A rule with delays in seconds, whose causes are upstream in the liquid."""
    return Rule(
        code=code,
        kinds=ANY,
        priority=priority,
        severity=Severity.WARNING,
        rank=Rank.WARNING,
        guidance="Mend it.",
        view="/",
        source="a test",
        on_delay=seconds(on),
        critical_delay=None if critical is None else seconds(critical),
        off_delay=seconds(off),
        trips_at=count,
        latch=latch,
        ack_required=ack,
        realarm_after=None if realarm is None else seconds(realarm),
        on_stale=on_stale,
        domain=Domain.LIQUID,
        effects_of=frozenset(effects_of),
        beside=frozenset(beside),
        suppressible=suppressible,
        inhibit_wait=wait,
    )


RULES: Final = Rules.of(
    (
        a_rule("plain"),
        a_rule("limit", on=10, critical=2, off=30, ack=True, realarm=600),
        a_rule("leak", off=5, latch=True, ack=True, suppressible=False, priority=1),
        a_rule("counted", on=60, count=Count(3, seconds(30))),
        a_rule("tripping", on_stale=OnStale.TRIP),
        a_rule("clearing", on_stale=OnStale.CLEAR),
        a_rule("hot", on=2, off=10, effects_of=["hot", "broken"], ack=True),
        a_rule("broken", effects_of=["off"]),
        a_rule("off", ack=True),
        a_rule("steep", beside=["hot"]),
        a_rule("stale", effects_of=["lost"]),
        a_rule("lost", ack=True),
        a_rule("data.odd"),
    )
)


def a_plant() -> Topology:
    """Two units behind one chiller; R1 on the first of them, R2 on both, R3 on none."""
    topology = Topology()
    for source, served in {"CH": ["U1", "U2"], "U1": ["R1", "R2"], "U2": ["R2"]}.items():
        topology.connect(EntityId(source), Domain.LIQUID, map(EntityId, served))
    return topology


def key(code: str = "plain", entity: str = "R1", qualifier: str = "") -> Key:
    """A key of a test."""
    return Key(code, EntityId(entity), qualifier)


class Bench:
    """An engine with a clock in seconds, and all that it told."""

    def __init__(self, rules: Rules = RULES, topology: Topology | None = None) -> None:
        self.topology = a_plant() if topology is None else topology
        self.rules = rules
        self.faults = Faults(rules, self.topology)
        self.told: list[FaultChanged] = []
        self.now: Instant = at(0)

    def judge(self, when: float, judged: Judged, code: str = "plain", entity: str = "R1") -> None:
        """Judge a key at ``when``."""
        self.until(when)
        self.told += self.faults.judge(key(code, entity), judged, self.now)

    def until(self, when: float) -> None:
        """Let time pass."""
        self.now = at(when)
        self.told += self.faults.advance(self.now)

    def take(self, changes: Iterable[FaultChanged]) -> None:
        """Note what an act told."""
        self.told += changes

    def one(self, code: str = "plain", entity: str = "R1") -> Fault:
        """The one occurrence of a key that lives."""
        (found,) = (f for f in self.faults.standing() if f.key == key(code, entity))
        return found

    def whats(self, code: str | None = None) -> list[What]:
        """What was told, of one code or of all."""
        return [each.what for each in self.told if code in {None, each.fault.key.code}]

    def calls(self) -> list[Key]:
        """Whom operators were called for."""
        return [each.fault.key for each in self.told if each.annunciates]


LONG: Final = Millis(14 * 3_600_000)
"""Longer than any delay."""
