"""The whole fleet in a few numbers, each with its completeness."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from twin.gist import Gist
from twin.measured import Measured, derive, nothing, total
from twin.points import Freshness
from twin.severity import Severity
from twin.steps import Steps, run

AT_ONCE: Final = 1000
"""Racks looked at in one step: a millisecond."""

Where = tuple[str | None, str | None]
"""Hall and row."""


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


def totals_of(racks: Iterable[Gist]) -> Totals:
    """The sums over ``racks``."""
    return run(summing_up(racks))


def summing_up(racks: Iterable[Gist]) -> Steps[Totals]:
    """The same in steps.

    Heat is expected of those that are cooled, headroom of those with feeds or a rating.
    """
    loads, heats, rooms = [], [], []
    severities, freshness = Counter[Severity](), Counter[Freshness]()
    for number, rack in enumerate(racks, start=1):
        loads.append(rack.load)
        if rack.cooled:
            heats.append(rack.heat)
        if rack.rated:
            rooms.append(rack.headroom)
        severities[rack.severity] += 1
        freshness[rack.freshness] += 1
        if number % AT_ONCE == 0:
            yield
    power = total("kW", loads)
    yield
    heat = total("kW", heats)
    yield
    return Totals(
        racks=len(loads),
        power=power,
        heat=heat,
        headroom=total("kW", rooms),
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


def groups_of(racks: Iterable[Gist]) -> Groups:
    """The sums over ``racks`` by hall, and by row within its hall."""
    return run(grouping(racks))


def grouping(racks: Iterable[Gist]) -> Steps[Groups]:
    """The same in steps."""
    halls: dict[Where, list[Gist]] = {}
    rows: dict[Where, list[Gist]] = {}
    for number, rack in enumerate(racks, start=1):
        hall, row = rack.place.hall, rack.place.row
        if hall is not None:
            halls.setdefault((hall, None), []).append(rack)
        if row is not None:
            rows.setdefault((hall, row), []).append(rack)
        if number % AT_ONCE == 0:
            yield
    return Groups((yield from _summed_up(halls)), (yield from _summed_up(rows)))


def _summed_up(places: Mapping[Where, Sequence[Gist]]) -> Steps[tuple[Group, ...]]:
    found: list[Group] = []
    for hall, row in sorted(places, key=lambda where: (where[0] or "", where[1] or "")):
        racks = places[hall, row]
        power = total("kW", [rack.load for rack in racks])
        heat = total("kW", [rack.heat for rack in racks if rack.cooled])
        found.append(Group(hall, row, len(racks), power, heat))
        yield
    return tuple(found)
