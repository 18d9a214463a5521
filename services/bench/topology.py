"""How soon the topology answers, and what a change of it costs."""

import statistics
from collections.abc import Callable, Iterable, Iterator
from random import Random
from time import perf_counter
from typing import Final, TypeVar

from services.bench.report import Report
from twin.points import EntityId
from twin.topology import Domain, Topology

T = TypeVar("T")

RACKS: Final = 10_000
ASKED: Final = 5_000
CHANGED: Final = 1_000
LOST: Final = 20

_LEVELS: Final = (("TAP", 5), ("BUS", 10), ("UPS", 5), ("BOARD", 4))
"""On each of two sides: its name, and how many of what is beneath one of it serves."""

_PER_CDU: Final = 20


def bench_topology(
    racks: int = RACKS, asked: int = ASKED, changed: int = CHANGED, lost: int = LOST
) -> Report:
    """Ask for the paths of racks with two sides of power, and move feeds from one to another."""
    random = Random(1)  # noqa: S311  # chooses, and keeps no secret
    topology = plant(racks)
    ids = random.sample([_rack(number) for number in range(racks)], min(asked, racks))
    cold = _seconds(ids, lambda rack: topology.upstream(rack, Domain.POWER))
    warm = _seconds(ids, lambda rack: topology.upstream(rack, Domain.POWER))
    equipment = sum(len(topology.serves(domain)) for domain in Domain)
    report = Report(
        "topology", f"{racks} racks on two sides of power, {equipment} pieces of equipment"
    )
    report.add("path of a rack, first time", cold * 1e6, "µs", 10, "lower")
    report.add("path of a rack, again", warm * 1e6, "µs", 10, "lower")
    for name in ("TAP", "BUS", "UPS"):
        sources = [source for source in topology.serves(Domain.POWER) if name in source]
        moved = _moves(topology, random.choices(sources, k=changed))
        report.add(
            f"one edge of a {name} changed, paths beneath dropped",
            _seconds(moved, lambda move: topology.connect(move[0], Domain.POWER, move[1])) * 1e6,
            "µs",
        )
    topology.cycles(Domain.POWER)
    boards = random.choices([s for s in topology.serves(Domain.POWER) if "BOARD" in s], k=lost)
    report.add(
        "what a switchboard takes along",
        _seconds(boards, lambda each: topology.lost_with({each}, Domain.POWER)) * 1e3,
        "ms",
    )
    return report


def plant(racks: int) -> Topology:
    """Two trees of power that meet in every rack, and a CDU for every row."""
    topology = Topology()
    for side in "AB":
        beneath = [_rack(number) for number in range(racks)]
        for name, served in _LEVELS:
            beneath = list(_level(topology, f"{name}-{side}", beneath, served, Domain.POWER))
    rows = [_rack(number) for number in range(racks)]
    for _ in _level(topology, "CDU", rows, _PER_CDU, Domain.LIQUID):
        pass
    return topology


def _level(
    topology: Topology, name: str, beneath: list[EntityId], served: int, domain: Domain
) -> Iterator[EntityId]:
    for first in range(0, len(beneath), served):
        source = EntityId(f"{name}-{first // served:05d}")
        topology.connect(source, domain, beneath[first : first + served])
        yield source


def _moves(
    topology: Topology, sources: Iterable[EntityId]
) -> Iterator[tuple[EntityId, frozenset[EntityId]]]:
    """Take one edge of each of ``sources``, then give it back; paths beneath are kept before."""
    for source in sources:
        served = topology.serves(Domain.POWER)[source]
        for wanted in (served - {min(served)}, served):
            for each in (source, *topology.downstream(source, Domain.POWER)):
                topology.upstream(each, Domain.POWER)
            yield source, wanted


def _rack(number: int) -> EntityId:
    return EntityId(f"H1-R{number // 20:04d}-K{number % 20:02d}")


def _seconds(items: Iterable[T], work: Callable[[T], object]) -> float:
    """The median duration of ``work``, for each of ``items``."""
    durations = []
    for item in items:
        begin = perf_counter()
        work(item)
        durations.append(perf_counter() - begin)
    return statistics.median(durations)
