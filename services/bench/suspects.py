"""How often the lying sensor is named: every sensor of a recording's racks is bent in turn."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from schemas.envelope import Envelope
from services.bench.report import Report
from services.intake import Intake
from twin.balances import readings_of
from twin.fleet import Fleet
from twin.suspects import Readings, Sensor, Verdict, judge_heat, judge_meters

BIASES = (0.1, -0.1, 0.3, -0.3)


def bench_suspects(envelopes: Iterable[Envelope], origin: str) -> Report:
    """Bend each sensor of each rack at the end of a recording, and ask who is to blame.

    Args:
        envelopes: The recording; its racks are taken for healthy and for peers of one another.
        origin: Where it came from, for the report.
    """
    intake = Intake(Fleet())
    intake.take_all(envelopes)
    known = [each for rack in intake.fleet.views() if (each := readings_of(rack))]
    report = Report("suspects", f"{origin}: {len(known)} racks, each sensor bent in turn")
    report.add("healthy racks accused", sum(1 for _ in _accused(known)), "", 0, "lower")
    for bias in BIASES:
        _bend_all(report, known, bias)
    return report


def _bend_all(report: Report, known: list[Readings], bias: float) -> None:
    bent = found = named = wrong = others = 0
    for index, readings in enumerate(known):
        for sensor, lying in _bent(readings, bias):
            fleet = [*known[:index], lying, *known[index + 1 :]]
            verdicts = [verdict for each, verdict in _accused(fleet) if each is lying]
            suspects = {verdict.suspect for verdict in verdicts} - {None}
            bent += 1
            found += bool(verdicts)
            named += suspects == {sensor}
            wrong += bool(suspects - {sensor})
            others += sum(1 for each, _ in _accused(fleet) if each is not lying)
    report.add(f"bent by {bias:+.0%}: sensors", bent, "")
    report.add(f"bent by {bias:+.0%}: noticed", found / max(1, bent) * 100, "%")
    report.add(f"bent by {bias:+.0%}: named rightly", named / max(1, bent) * 100, "%")
    report.add(f"bent by {bias:+.0%}: named wrongly", wrong / max(1, bent) * 100, "%")
    report.add(f"bent by {bias:+.0%}: other racks accused", others, "", 0, "lower")


def _bent(readings: Readings, bias: float) -> Iterator[tuple[Sensor, Readings]]:
    by = 1 + bias
    yield Sensor.POWER, replace(readings, power_kw=readings.power_kw * by)
    yield Sensor.FLOW, replace(readings, flow_lpm=readings.flow_lpm * by)
    yield Sensor.SUPPLY, replace(readings, supply_c=readings.supply_c * by)
    yield Sensor.RETURN, replace(readings, return_c=readings.return_c * by)
    if readings.meters_kw is not None:
        yield Sensor.METERS, replace(readings, meters_kw=readings.meters_kw * by)


def _accused(fleet: list[Readings]) -> Iterator[tuple[Readings, Verdict]]:
    for readings in fleet:
        peers = [each for each in fleet if each is not readings]
        for verdict in (judge_heat(readings, peers), judge_meters(readings)):
            if verdict is not None:
                yield readings, verdict
