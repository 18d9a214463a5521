"""How well faults are told: by class, with the truth known, and where nothing is wrong at all."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain
from statistics import median
from time import process_time
from typing import Final

from schemas import fleet_file as written
from schemas.envelope import Envelope
from services.bench.flood import flood
from services.bench.load import START
from services.bench.report import Report
from services.bench.rounds import round_and_round
from services.bench.truth import CALLED, EARLY, LATE, QUIET, TWICE, Score, score
from services.intake import Intake
from services.simulate.bend import Bent
from services.simulate.fleet_file import fleet_file
from services.simulate.plant import Plant
from services.simulate.scenarios import SCENARIOS, stage
from services.simulate.script import Script
from services.simulate.site import Site, Thing, site_of
from twin.changes import FaultChanged
from twin.fault import FINE, Fault, Judged, Key
from twin.faults.catalogue import CATALOGUE
from twin.faults.engine import Faults
from twin.fleet import Fleet
from twin.instants import Instant, Millis, after
from twin.points import EntityId
from twin.severity import Severity
from twin.topology import Domain, Topology

RACKS: Final = 48
SEEDS: Final = (1, 2, 3, 4)
HOUR: Final = Millis(3_600_000)
MANY: Final = 10_000
"""Faults at once."""

_ON: Final = Millis(30_000)
"""So long it goes on after all should be over."""
_DAY: Final = Millis(24 * HOUR)
_SECOND: Final = Millis(1_000)

Run = tuple[Score, list[Fault]]
"""How it went, and all that was raised."""


def bench_faults(
    envelopes: Sequence[Envelope] = (),
    origin: str = "",
    racks: int = RACKS,
    seeds: Iterable[int] = SEEDS,
    span: Millis = HOUR,
    at_once: int = MANY,
) -> Report:
    """Let everything go wrong that there is a scenario for, and see what is told of it.

    Args:
        envelopes: A recording, whole, whose readings are bent as well. It is taken for healthy, but
            for what is told of it as it is.
        origin: Where it came from, for the report.
        racks: Of the simulated plants.
        seeds: Of those in which nothing is wrong.
        span: For how long these run, and the recording goes round.
        at_once: So many racks leak at once in a twin that does everything.
    """
    report = Report("faults", " and ".join((f"{racks} simulated racks", *(origin and [origin]))))
    for name in SCENARIOS:
        if name != "steady":
            _add(report, name, simulated(name, racks))
    for name, run in recorded(envelopes):
        _add(report, f"{origin}, {name}", run)
    _healthy(report, racks, seeds, span)
    _cost(report, racks)
    _flood(report)
    asyncio.run(flood(report, at_once))
    return report


def simulated(name: str, racks: int, seed: int = 1) -> Run:
    """How a scenario goes on a simulated plant."""
    script = stage(name, racks, START)
    until = after(START, Millis(script.lasts(START) + _ON))
    fleet = played(Plant(racks, seed, script).recording(START, until), until, _fleet(racks))
    raised = fleet.faults.occurrences()
    return score(script.labels, raised), raised


def recorded(envelopes: Sequence[Envelope]) -> Iterable[tuple[str, Run]]:
    """How each scenario goes that bends readings alone, on a recording that goes round."""
    if not envelopes:
        return
    began = envelopes[0].received_at
    fleet = played(envelopes, began)
    site = _site_of(fleet)
    scripts = {name: scenario(site, began) for name, scenario in SCENARIOS.items()}
    scripts = {name: each for name, each in scripts.items() if _fits(each, fleet)}
    longest = max((each.lasts(began) for each in scripts.values()), default=0) + _ON
    messages = list(round_and_round(envelopes, Millis(longest)))
    own = {each.key[:2] for each in played(messages, began).faults.occurrences()}
    for name, script in scripts.items():
        until = after(began, Millis(script.lasts(began) + _ON))
        said = (each for each in Bent(script.told).of(messages) if each.received_at <= until)
        raised = played(said, until).faults.occurrences()
        new = [each for each in raised if each.key[:2] not in own]
        yield name, (score(script.labels, new), new)


def played(envelopes: Iterable[Envelope], until: Instant, fleet: Fleet | None = None) -> Fleet:
    """A fleet that took all of it in, and then waited."""
    intake = Intake(Fleet() if fleet is None else fleet)
    for topic, payload, at, _ in envelopes:
        intake.take(topic, payload, at)
    intake.advance(until)
    return intake.fleet


def _fleet(racks: int) -> Fleet:
    """One that knows what the simulated racks are rated for."""
    fleet = Fleet()
    fleet.configure(written.parse(fleet_file(site_of(racks))))
    return fleet


def _site_of(fleet: Fleet) -> Site:
    """The things of a recording that may go wrong: the racks first of which most is known."""
    hung = {
        rack.id: fleet.topology.feeders(rack.id, Domain.POWER)
        for rack in fleet.racks()
        if fleet.topology.upstream(rack.id, Domain.LIQUID)
    }
    racks = sorted(hung, key=lambda each: (-len(hung[each]), each))
    taps = tuple(Thing(tap, tap) for tap in chain(*hung.values()))
    units = dict.fromkeys(
        unit for rack in racks for unit in fleet.topology.upstream(rack, Domain.LIQUID)
    )
    cdus = tuple(Thing(unit, unit, tuple(racks)) for unit in units)
    return Site(tuple(Thing(each, each) for each in racks), taps, (), cdus, (len(racks),))


def _fits(script: Script, fleet: Fleet) -> bool:
    things: set[EntityId] = {each.id for each in (*fleet.racks(), *fleet.equipment())}
    wanted = {each.entity for each in script.labels}
    return bool(script.told) and not script.suffered and wanted <= things


def _add(report: Report, name: str, run: Run) -> None:
    found, _ = run
    report.add(f"{name}: recall", found.recall * 100, "%", 100)
    report.add(f"{name}: precision", found.precision * 100, "%", 100)
    if found.delays:
        report.add(f"{name}: raised after, median", median(found.delays) / 1000, "s")
        report.add(f"{name}: raised after, at most", max(found.delays) / 1000, "s")
    report.add(f"{name}: raised twice", found.count(TWICE), "", 0, "lower")
    report.add(f"{name}: cleared wrongly", found.count(EARLY) + found.count(LATE), "", 0, "lower")
    called = found.count(CALLED) + found.count(QUIET)
    report.add(f"{name}: called for wrongly", called, "", 0, "lower")


def _healthy(report: Report, racks: int, seeds: Iterable[int], span: Millis) -> None:
    """Plants in which nothing is wrong."""
    codes: Counter[str] = Counter()
    days = 0.0
    for seed in seeds:
        until = after(START, span)
        fleet = played(Plant(racks, seed).recording(START, until), until, _fleet(racks))
        codes.update(each.key.code for each in fleet.faults.occurrences())
        days += racks * span / _DAY
    report.add("nothing wrong: rack-days", days, "")
    report.add(
        "nothing wrong: false faults a rack-day", codes.total() / (days or 1), "", 0, "lower"
    )
    for code, count in sorted(codes.items()):
        report.add(f"nothing wrong: {code}", count, "", 0, "lower")


def _cost(report: Report, racks: int, seconds: int = 60) -> None:
    """The same messages with everything watched and with nothing, second by second."""
    plant = Plant(racks, seed=1)
    judged, plain = Intake(_fleet(racks)), Intake(_fleet(racks))
    extra, whole = [], []
    for second in range(seconds):
        begin = Instant(START + second * _SECOND)
        said = list((plant.messages if second else plant.recording)(begin, after(begin, _SECOND)))
        if second == seconds // 4:  # all has been drawn up by now, and is no more
            plain.fleet.audit._rota.rest()  # noqa: SLF001  # nobody else may do so
        without, took = _seconds(plain, said), _seconds(judged, said)
        if second >= seconds // 2:
            extra.append((took - without) / len(said))
            whole.append(took / len(said))
    report.add("watches and rules, a message", median(extra) * 1e6, "µs", 2.0, "lower")
    report.add("all of the fold, a message", median(whole) * 1e6, "µs")


def _seconds(intake: Intake, said: Iterable[Envelope]) -> float:
    begin = process_time()
    for topic, payload, at, _ in said:
        intake.take(topic, payload, at)
    return process_time() - begin


def _flood(report: Report) -> None:
    """As many at once as there may be, which all have one cause."""
    topology = Topology()
    racks = [EntityId(f"R{number}") for number in range(MANY - 1)]
    topology.connect(EntityId("CDU"), Domain.LIQUID, racks)
    faults = Faults(CATALOGUE, topology)
    critical = Judged(Severity.CRITICAL)
    keys = [Key("cdu.unavailable", EntityId("CDU"))]
    keys += [Key("liquid.flow_low", each) for each in racks]
    told: list[FaultChanged] = []
    for name, judged, at in (("raised", critical, START), ("cleared", FINE, after(START, HOUR))):
        begin = process_time()
        for key in keys:
            told += faults.judge(key, judged, at)
        told += faults.advance(after(at, _DAY))
        report.add(f"{MANY} faults at once: {name}", process_time() - begin, "s", 2.0, "lower")
        begin = process_time()
        faults.standing()
        report.add(f"{MANY} faults at once: listed, {name}", process_time() - begin, "s")
    report.add(f"{MANY} faults at once: calls", sum(each.annunciates for each in told), "")
