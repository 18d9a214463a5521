"""The whole fleet in a few numbers, each with its completeness."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from twin.measured import Measured, derive, nothing, total
from twin.points import Freshness
from twin.racks import Rack
from twin.severity import Severity


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over all racks."""

    racks: int
    power: Measured
    heat: Measured
    headroom: Measured
    by_severity: dict[Severity, int]
    by_freshness: dict[Freshness, int]


@dataclass(frozen=True, slots=True)
class Group:
    """Sums over the racks of one hall, or of one row."""

    hall: str | None
    row: str | None
    racks: int
    power: Measured
    heat: Measured


@dataclass(frozen=True, slots=True)
class Groups:
    """The racks whose place is known, by where they stand; each sorted by name."""

    halls: tuple[Group, ...] = ()
    rows: tuple[Group, ...] = ()


def totals_of(racks: Sequence[Rack]) -> Totals:
    """The sums over ``racks``.

    Heat is expected of those that are cooled, headroom of those with feeds or a rating.
    """
    cooled = [rack for rack in racks if rack.thermal.cooled]
    rated = [rack for rack in racks if rack.power.feeds or rack.place.rated_kw is not None]
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


def ppue_cooling(it: Measured, cooling: Measured) -> Measured:
    """How much more is drawn for cooling: (IT + CDUs + pumps) / IT, both sums in kW.

    A partial PUE (The Green Grid, white paper 49), of the cooling that stands beside the racks. It
    has no value while any of ``cooling`` is missing, for it would look better than it is; a rack
    missing from ``it`` makes it look worse by little, and the completeness tells of all of them.
    """
    fresh = (it.fresh or 0) + (cooling.fresh or 0)
    expected = (it.expected or 0) + (cooling.expected or 0)
    ratio = derive("", (it, cooling), lambda does, for_it: (does + for_it) / does if does else None)
    known = ratio if cooling.fresh == cooling.expected else nothing("")
    return known._replace(fresh=fresh, expected=expected)


def groups_of(racks: Sequence[Rack]) -> Groups:
    """The sums over ``racks`` by hall, and by row within its hall."""
    return Groups(
        halls=_grouped(
            [rack for rack in racks if rack.place.hall is not None],
            lambda rack: (rack.place.hall, None),
        ),
        rows=_grouped(
            [rack for rack in racks if rack.place.row is not None],
            lambda rack: (rack.place.hall, rack.place.row),
        ),
    )


def _grouped(
    racks: Sequence[Rack], where: Callable[[Rack], tuple[str | None, str | None]]
) -> tuple[Group, ...]:
    found: dict[tuple[str | None, str | None], list[Rack]] = {}
    for rack in racks:
        found.setdefault(where(rack), []).append(rack)
    return tuple(
        Group(
            hall,
            row,
            racks=len(found[hall, row]),
            power=total("kW", [rack.power.load for rack in found[hall, row]]),
            heat=total("kW", [r.thermal.heat for r in found[hall, row] if r.thermal.cooled]),
        )
        for hall, row in sorted(found, key=lambda key: (key[0] or "", key[1] or ""))
    )
