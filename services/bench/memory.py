"""How much memory a million points hold."""

import resource
from pathlib import Path

from services.bench.report import Report
from services.intake import Intake
from twin.fleet import Fleet
from twin.instants import Instant

POINTS = 1_000_000
KINDS = (
    ("RackPower", "kW"),
    ("RackLiquidFlow", "LPM"),
    ("RackLiquidSupplyTemperature", "C"),
    ("RackLiquidReturnTemperature", "C"),
    ("RackLiquidDifferentialPressure", "kPa"),
    ("RackControlValvePosition", "%"),
)
START = Instant(1_767_225_600_000)


def bench_memory(points: int = POINTS) -> Report:
    """Describe and hear ``points`` points through the intake; run it in a process of its own."""
    before = resident_mib()
    intake = Intake(Fleet())
    for number in range(points):
        rack, (kind, unit) = f"H1-R{number // 96:05d}-K{number // 6 % 16:02d}", KINDS[number % 6]
        path = f"Rack/{kind}/campus/hall1/row{number // 96:05d}/{rack}/valve/feedback/{number}"
        intake.take(f"BMS/v1/PUB/Metadata/{path}", _metadata(kind, unit, rack), START)
        value = b'{"value":%d.25,"timestamp":%d,"quality":1}' % (number % 1000, START + number)
        intake.take(f"BMS/v1/PUB/Value/{path}", value, START)
    after = resident_mib()
    report = Report("memory", f"{points} points, each described and heard")
    report.add("points live", intake.fleet.counts.live, "", target=points)
    report.add("resident", after, "MiB", target=1024 * points / POINTS, better="lower")
    report.add("a point", (after - before) * 2**20 / points, "bytes")
    report.add("peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "MiB")
    return report


def _metadata(kind: str, unit: str, rack: str) -> bytes:
    return (
        f'{{"objectType":"Rack","pointType":"{kind}","engUnit":"{unit}",'
        f'"rackLocationName":"{rack}","rackLocationId":"{rack}"}}'
    ).encode()


def resident_mib() -> float:
    """Resident memory of this process, from the second field of Linux's ``statm``."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20
