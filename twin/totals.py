"""The whole fleet in a few numbers, each with its completeness."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from twin.measured import Measured, total
from twin.points import Freshness
from twin.racks import Rack, Severity


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over all racks."""

    racks: int
    power: Measured
    heat: Measured
    headroom: Measured
    by_severity: dict[Severity, int]
    by_freshness: dict[Freshness, int]


def totals_of(racks: Sequence[Rack]) -> Totals:
    """The sums over ``racks``; heat over those that are cooled, headroom over those with feeds."""
    cooled = [rack for rack in racks if rack.thermal.cooled]
    rated = [rack for rack in racks if rack.power.feeds]
    severities = Counter(rack.severity for rack in racks)
    freshness = Counter(rack.freshness for rack in racks)
    return Totals(
        racks=len(racks),
        power=total("kW", [rack.power.load for rack in racks]),
        heat=total("kW", [rack.thermal.heat for rack in cooled]),
        headroom=total("kW", [rack.power.headroom for rack in rated]),
        by_severity={severity: severities[severity] for severity in Severity},
        by_freshness={each: freshness[each] for each in Freshness},
    )
